"""What MkDocs runs: the pages' macros, the claims ledger, the bibliography, and the checks of the site.

Standard library, PyYAML, Jinja and (through MkDocs) Markdown only, so that a prose edit builds in seconds.
"""
