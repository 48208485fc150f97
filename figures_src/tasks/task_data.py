"""The 8 emoji sets -> data/: arrays and captions. Only by `make data`; resumable, with a progress bar."""

from pytask import task

from tasks import plan

if plan.COMMAND == "data":

    @task(id="data:icons")
    def task_data():
        from denoised.data.catalogue import STYLES, icon_set
        from denoised.data.icons import rasterize_all
        from tasks.recipes import check_icons

        for style in STYLES:
            check_icons(style, icon_set(style))
        rasterize_all()
