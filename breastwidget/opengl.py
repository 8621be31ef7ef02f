"""Whether and with what VTK can render off screen.

With neither EGL nor OSMesa, VTK kills the process at its first picture, so this looks first,
without starting VTK.
"""

from __future__ import annotations

import ctypes
import os
import sys

from breastwidget.errors import DependencyError

__all__ = ["can_render", "prepare_rendering"]


def can_render() -> bool:
    """Whether VTK can render off screen here; looks for EGL or OSMesa without starting VTK."""
    return not sys.platform.startswith("linux") or _linux_backend() is not None


def prepare_rendering() -> None:
    """Tell VTK, before its first window, which backend to use; raise if there is none."""
    if not sys.platform.startswith("linux"):
        return
    backend = _linux_backend()
    if backend is None:
        raise DependencyError(
            "A picture of the surface needs OpenGL without a display, and neither EGL nor OSMesa "
            "was found; on Debian or Ubuntu: apt-get install libegl1 libgl1-mesa-dri"
        )
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", backend)


def _linux_backend() -> str | None:
    """The VTK window class that can render off screen, or None."""
    chosen = os.environ.get("VTK_DEFAULT_OPENGL_WINDOW", "")
    if chosen and "EGL" not in chosen and "OSOpenGL" not in chosen:
        return chosen  # Someone's own choice, such as X11: theirs to answer for.
    if "OSOpenGL" not in chosen and _egl_devices() > 0:
        return "vtkEGLRenderWindow"
    if "EGL" not in chosen and any(map(_loads, ("libOSMesa.so.8", "libOSMesa.so"))):
        return "vtkOSOpenGLRenderWindow"
    return None


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _egl_devices() -> int:
    """How many devices EGL knows; 0 without EGL, or with its loader but no driver behind it."""
    try:
        egl = ctypes.CDLL("libEGL.so.1")
        egl.eglGetProcAddress.restype = ctypes.c_void_p
        egl.eglGetProcAddress.argtypes = [ctypes.c_char_p]
        address = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    except (OSError, AttributeError):
        return 0
    if not address:
        return 0
    count = ctypes.c_int(0)
    query = ctypes.CFUNCTYPE(
        ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)
    )(address)
    return count.value if query(0, None, ctypes.byref(count)) else 0
