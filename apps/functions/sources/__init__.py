"""Where functions come from: files and folders to records, without a database."""

from apps.functions.sources.base import Source, SourceError, SourceItem
from apps.functions.sources.opening import open_source

__all__ = ["Source", "SourceError", "SourceItem", "open_source"]
