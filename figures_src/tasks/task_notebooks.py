"""docs/notebooks/*.py -> executed .ipynb."""

from pytask import PythonNode, mark, task

from tasks import crew, plan
from tasks.nodes import TargetNode, key_or_error

for _notebook in plan.left(plan.notebooks()):

    @mark.persist
    @task(
        id=_notebook.name,
        kwargs={"target": _notebook, "key": PythonNode(value=key_or_error(_notebook), hash=True)},
        produces=TargetNode(target=_notebook),
    )
    def task_notebook(target, key):
        crew.make_notebook(target)
