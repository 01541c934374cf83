"""The atlas: sheets of true scale with frame, legend and names, as PDF and pictures."""
