"""Names that 1.x notebooks import from `argilla.datasets`: the settings of datasets."""

from apportion.sdk.api import configure_dataset
from apportion.sdk.settings import TextClassificationSettings, TokenClassificationSettings

__all__ = ["TextClassificationSettings", "TokenClassificationSettings", "configure_dataset"]
