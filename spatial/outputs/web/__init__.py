"""The web map: one folium page that holds everything, its layers, tiles and scripts."""
