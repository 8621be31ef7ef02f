"""What can be exported: the names by which views and controller speak of it."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["EXPORT_KINDS"]

EXPORT_KINDS = MappingProxyType(
    {
        "nifti": "Mask, NIfTI (.nii.gz)",
        "nrrd": "Mask, NRRD (.nrrd)",
        "dicom-seg": "DICOM-SEG (.dcm)",
        "stl": "Surface, STL",
        "ply": "Surface, PLY with colours",
        "glb": "Surface, GLB with colours",
        "csv": "Table, CSV",
        "html": "Report, HTML",
        "session": "Session file (.json)",
    }
)
"""Kind → how it is called on the page, in the order of the page."""
