"""Pages, figures, fonts -> site/. After everything else, and only when all of that is whole."""

from pytask import mark, task

from tasks import plan, recipes
from tasks.nodes import TargetNode, announced

for _site in plan.left(plan.site()):

    @mark.persist
    @task(
        id=_site.name,
        kwargs={
            "target": _site,
            "parts": [TargetNode(target=part) for part in plan.left([*_site.parts, *_site.figures])],
        },
        produces=TargetNode(target=_site),
    )
    def task_site(target, parts):
        announced(target, lambda: recipes.make_site(target, plan.keep_open()))
