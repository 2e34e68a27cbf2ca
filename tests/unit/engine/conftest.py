"""Generated cases are the same in every run and leave no file behind."""

from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

_HOME = TemporaryDirectory(prefix="bridge-generated-cases-")
set_hypothesis_home_dir(_HOME.name)
settings.register_profile("engine", database=None, derandomize=True, deadline=None)
settings.load_profile("engine")
