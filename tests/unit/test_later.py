"""Imports that wait until somebody asks: they never come early, and what comes is the real thing."""

import subprocess
import sys

from denoised import paths


def said(code: str) -> str:
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(paths.SRC)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LATER = "from tasks import later; later.install('jupytext', 'mkdocs_jupyter.convert'); "


def test_the_plugin_loads_without_what_renders_notebooks():
    code = LATER + "import mkdocs_jupyter.plugin; print([m for m in ('nbconvert', 'nbformat') if m in sys.modules])"
    assert said(code) == "[]"


def test_the_first_question_brings_the_real_module():
    code = LATER + ("from mkdocs_jupyter import plugin; print(plugin.convert.nb2html.__module__, plugin.jupytext.read, "
                    "'nbconvert' in sys.modules, sys.modules['jupytext'].__version__ != '')")
    asked = said(code)
    assert asked.startswith("mkdocs_jupyter.nbconvert2 <function read")
    assert asked.endswith("True True")


def test_what_is_there_stays():
    assert said("import json; from tasks import later; later.install('json'); print(json is sys.modules['json'])") == "True"
    assert said("import json; from tasks import later; later.install('json'); print(json.dumps(1))") == "1"


def test_a_name_that_a_module_lacks_is_an_attribute_error():
    code = "from tasks import later; later.install('json'); m = sys.modules['json']; print(hasattr(m, 'nothing'))"
    assert said(code.replace("'json'", "'xml.dom.minidom'")) == "False"
