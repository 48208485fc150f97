"""Every page on a phone: the walk and the tests of test_pages.py."""

from test_pages import (  # noqa: F401
    test_axe_finds_nothing,
    test_every_picture_loads,
    test_lines_of_prose_are_short,
    test_no_console_errors,
    test_no_other_host_is_asked,
    test_nothing_is_wider_than_the_screen,
    test_nothing_moves_by_itself,
    tour,
)

DEVICE = "phone"
