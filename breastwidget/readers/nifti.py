"""NIfTI files: read into volumes, and voxels back into bytes with the source's geometry."""

from __future__ import annotations

import gzip
import io
import math
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from breastwidget.errors import VolumeError
from breastwidget.readers.checks import native_array
from breastwidget.readers.paths import file_bytes, stem, suffix
from breastwidget.readers.phases import Phases, single
from breastwidget.volume import Volume

__all__ = ["encode_nifti", "open_nifti"]

_HEADER_SIZES = {348: nib.Nifti1Image, 540: nib.Nifti2Image}
# What places voxels in the patient; copied bit by bit so that a mask overlays its source.
_GEOMETRY = (
    *("qform_code", "sform_code"),
    *("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"),
    *("srow_x", "srow_y", "srow_z"),
)
_NIFTI_INTENT_LABEL = 1002
_SCANNER = 1


def open_nifti(path: Path) -> Phases:
    """Open a .nii or .nii.gz file; the fourth axis of a 4-D one counts as phases.

    Voxels keep the file's order and dtype (float where the header scales them). Raises
    `VolumeError` for a file that is not NIfTI, is damaged, is not 3-D or 4-D, or whose voxel sizes
    are not above 0.
    """
    content = _decompressed(path, file_bytes(path))
    image = _parse(path, content)
    _check_length(path, image, len(content))
    name, files = stem(path), (path,)
    shape = _spatial_shape(path, image.shape)
    if len(shape) == 3:
        return single(name, partial(_volume, image, path, None), files)
    numbers = tuple(range(shape[3]))
    read = partial(_volume, image, path)
    return Phases(name, numbers, read, lambda _: files, None, f"a 4-D one of shape {shape}")


def _decompressed(path: Path, content: bytes) -> bytes:
    """The file's bytes after gzip; reading to the end also checks gzip's own checksum."""
    if suffix(path) != ".nii.gz":
        return content
    try:
        return gzip.decompress(content)
    except gzip.BadGzipFile as error:
        if content[:2] == b"\x1f\x8b":
            raise _damaged(path, error) from error
        raise VolumeError(
            f"{path}: expected gzip-compressed NIfTI, got a file that is not gzip; give the "
            "compressed file, or rename it .nii if it is an uncompressed NIfTI."
        ) from error
    except (EOFError, zlib.error) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception | str) -> VolumeError:
    return VolumeError(
        f"{path}: the file is truncated or damaged ({error}); copy or download it again."
    )


def _parse(path: Path, content: bytes) -> Any:
    """The nibabel image in `content`."""
    sizes = {int.from_bytes(content[:4], order) for order in ("little", "big")}
    image_class = next((c for size, c in _HEADER_SIZES.items() if size in sizes), None)
    if image_class is None:
        raise VolumeError(
            f"{path}: expected a NIfTI image, got something else (it starts with "
            f"{content[:8]!r}); check the file, or export the image again."
        )
    try:
        raw = image_class.header_class.from_fileobj(io.BytesIO(content), check=False)
        _check_voxel_sizes(path, raw)
        return image_class.from_bytes(content)
    except VolumeError:
        raise
    except Exception as error:  # A damaged header can make the parser fail in any way.
        raise VolumeError(
            f"{path}: the NIfTI header cannot be read ({error}); export the image again."
        ) from error


def _check_length(path: Path, image: Any, length: int) -> None:
    # Before anything of the size that the header claims is allocated.
    voxels = math.prod(int(n) for n in image.shape)
    expected = int(image.dataobj.offset) + voxels * image.get_data_dtype().itemsize
    if length < expected:
        raise _damaged(path, f"its header announces {expected} bytes, it has {length}")


def _check_voxel_sizes(path: Path, raw_header: Any) -> None:
    # nibabel mends zero and negative pixdim without a word, so look before it does.
    sizes = np.asarray(raw_header["pixdim"][1:4], dtype=np.float64)
    used = sizes[: max(int(raw_header["dim"][0]), 0)]
    if not (used > 0).all() or not np.isfinite(used).all():
        raise VolumeError(
            f"{path}: expected voxel sizes above 0 mm, got {tuple(sizes.tolist())} (pixdim 1 to "
            "3); repair the file's header."
        )


def _spatial_shape(path: Path, shape: tuple[int, ...]) -> tuple[int, ...]:
    """`shape` without trailing axes of length 1, 3-D or 4-D."""
    kept = tuple(int(n) for n in shape)
    while len(kept) > 3 and kept[-1] == 1:
        kept = kept[:-1]
    if len(kept) not in (3, 4):
        raise VolumeError(
            f"{path}: expected a 3-D image (or a 4-D one with phases), got {len(kept)}-D of shape "
            f"{kept}."
        )
    return kept


def _volume(image: Any, path: Path, phase: int | None) -> Volume:
    """Phase `phase` of a 4-D image, or a 3-D image where `phase` is None."""
    every = slice(None)
    index = (Ellipsis,) if phase is None else (every, every, every, phase)
    try:
        data = _voxels(image, index)
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path, error) from error
    i, j, k = image.shape[:3]
    data = native_array(data.reshape((i, j, k), order="F"), path.name)
    slice_axis = image.header.get_dim_info()[2]
    return Volume(data, image.affine, stem(path), image.header, slice_axis=slice_axis)


def _voxels(image: Any, index: tuple[Any, ...]) -> NDArray[Any]:
    """Voxels in the file's dtype; where the header scales them, float32 (float64 past 16 bits)."""
    data = np.asarray(image.dataobj[index])
    slope, inter = image.dataobj.slope, image.dataobj.inter
    if (slope, inter) == (1, 0):
        return data
    return data.astype(np.float32) if image.get_data_dtype().itemsize <= 2 else data


def encode_nifti(data: NDArray[Any], volume: Volume, *, compress: bool, label: bool) -> bytes:
    """NIfTI bytes of (i, j, k) `data` on the grid of `volume`.

    From a NIfTI source the geometry (sform, qform, their codes) is copied bit by bit; otherwise
    both hold the volume's affine as scanner coordinates. `label` marks the image as a label map.
    The same input gives the same bytes: no time stamp, no file name inside.
    """
    source = volume.header
    nifti2 = isinstance(source, nib.Nifti2Header)
    image_class: Any = nib.Nifti2Image if nifti2 else nib.Nifti1Image
    header = image_class.header_class()
    header.set_data_dtype(data.dtype)
    header.set_data_shape(data.shape)
    header.set_xyzt_units("mm", "sec")
    if isinstance(source, nib.Nifti1Header) and _same_affine(source, volume):
        for field in _GEOMETRY:
            header[field] = source[field]
        header["pixdim"][:4] = source["pixdim"][:4]
        header.set_dim_info(*source.get_dim_info())
    else:
        header.set_sform(volume.affine, _SCANNER)
        header.set_qform(volume.affine, _SCANNER, strip_shears=True)
        header.set_dim_info(slice=volume.slice_axis)
    if label:
        header.set_intent(_NIFTI_INTENT_LABEL, (), "breastwidget mask")
        header["cal_max"] = 1
    content: bytes = image_class(data, None, header).to_bytes()
    return gzip.compress(content, compresslevel=6, mtime=0) if compress else content


def _same_affine(header: Any, volume: Volume) -> bool:
    """Whether a header places voxels of the volume's shape where the volume does."""
    if tuple(header.get_data_shape()[:3]) != volume.shape:
        return False
    return bool(np.allclose(header.get_best_affine(), volume.affine, rtol=0, atol=1e-6))
