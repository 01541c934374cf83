"""Access: circles and what they promise, living circles, connections, roads across boundaries."""
