"""npm's files -> docs/assets/vendor."""

from pytask import mark, task

from tasks import plan, recipes
from tasks.nodes import TargetNode, announced

for _target in plan.left(plan.vendor()):

    @mark.persist
    @task(id=_target.name, kwargs={"target": _target}, produces=TargetNode(target=_target))
    def task_vendor(target):
        announced(target, lambda: recipes.make_vendor(target))
