"""What a test says where there is no browser. A module of its own, since `conftest` is the name of several files."""

NO_BROWSER = "no browser here: `apt install chromium`, or set CHROME=/path/to/chrome"
