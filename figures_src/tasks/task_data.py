"""The 8 emoji sets -> data/: arrays and captions. Only by `make data`; resumable, with a progress bar."""

from pytask import task

from tasks import plan

if plan.COMMAND == "data":

    @task(id="data:icons")
    def task_data():
        from denoised.data.icons import rasterize_all

        rasterize_all()
