"""The colours of prediction, reference and box, wherever the app draws them.

Orange against sky blue (Okabe and Ito) differ for every kind of colour vision; on pictures the
reference is dashed as well.
"""

__all__ = ["BOX", "HERE", "PREDICTION", "REFERENCE"]

PREDICTION = "#e69f00"
REFERENCE = "#56b4e9"
BOX = "#ffffff"
HERE = "#d55e00"
