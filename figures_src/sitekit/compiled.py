"""Pages' and claims' templates, compiled once for good: by their text, as Jinja itself keeps those that lie in files. Three
quarters of the time that the macros take goes into compiling what has not changed."""

from pathlib import Path

from jinja2 import FileSystemBytecodeCache

_SYNTAX = ("block_start_string", "block_end_string", "variable_start_string", "variable_end_string", "comment_start_string",
           "comment_end_string", "line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks",
           "newline_sequence", "keep_trailing_newline", "optimized", "autoescape", "undefined")  # fmt: skip


def keep(environment, folder: Path, most: int = 3000) -> None:
    """From now on, `environment.from_string` looks into `folder` first; one folder for each set of packages."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)[most:]:
        file.unlink(missing_ok=True)
    cache, compile_now = FileSystemBytecodeCache(str(folder)), environment.compile
    # What a compiled template takes from its environment, besides the text: how text is read, and what may be asked of it.
    syntax = repr([getattr(environment, name) for name in _SYNTAX])
    known = repr([sorted(environment.filters), sorted(environment.tests), sorted(environment.extensions)])

    def compile_kept(source, name=None, filename=None, raw=False, defer_init=False):
        if raw or not isinstance(source, str):
            return compile_now(source, name, filename, raw, defer_init)
        bucket = cache.get_bucket(environment, f"{syntax}{known}{source}", None, source)
        if bucket.code is None:
            bucket.code = compile_now(source, name, filename, raw, defer_init)
            cache.set_bucket(bucket)
        return bucket.code

    environment.compile = compile_kept
