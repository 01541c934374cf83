"""The evaluation 双评价 as layers: grades, suitability, importance, carrying scale, how firm it is."""
