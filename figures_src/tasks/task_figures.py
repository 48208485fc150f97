"""One task a figure; the crew renders them."""

from pytask import PythonNode, mark, task

from tasks import crew, plan
from tasks.nodes import TargetNode, key_or_error

for _figure in plan.left(plan.figures()):

    @mark.persist
    @task(
        id=_figure.name,
        kwargs={"target": _figure, "key": PythonNode(value=key_or_error(_figure), hash=True)},
        produces=TargetNode(target=_figure),
    )
    def task_figure(target, key):
        crew.make(target)
