"""What a release says of itself: metadata, entry points, and the manifest its factory returns."""

from stigmem_review.code.modules import Parsed
from stigmem_review.manifest.release import none_release, read_release

__all__ = ["Parsed", "none_release", "read_release"]
