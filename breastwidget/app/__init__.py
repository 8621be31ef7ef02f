"""The interactive app. The only room that imports ipywidgets, ipyevents, anywidget or IPython."""

from breastwidget.app.app import TumorSegmenter

__all__ = ["TumorSegmenter"]
