"""The optimizers a group can use, each with its options as torch names them, except the lr.

`options` has what all share, `descent`, `adaptive` and `custom` the options of each, `table` what each optimizer is
and takes, `conversion` the way from options to a torch param group.

>>> from lrdesigner.optimizers import OPTIMIZERS, AdamWOptions, optimizer_of, torch_options
>>> optimizer_of(AdamWOptions()).doc
'Adam with decoupled weight decay.'
"""

from lrdesigner.optimizers.adaptive import AdadeltaOptions as AdadeltaOptions
from lrdesigner.optimizers.adaptive import AdafactorOptions as AdafactorOptions
from lrdesigner.optimizers.adaptive import AdagradOptions as AdagradOptions
from lrdesigner.optimizers.adaptive import AdamaxOptions as AdamaxOptions
from lrdesigner.optimizers.adaptive import AdamOptions as AdamOptions
from lrdesigner.optimizers.adaptive import AdamWOptions as AdamWOptions
from lrdesigner.optimizers.adaptive import NAdamOptions as NAdamOptions
from lrdesigner.optimizers.adaptive import RAdamOptions as RAdamOptions
from lrdesigner.optimizers.adaptive import SparseAdamOptions as SparseAdamOptions
from lrdesigner.optimizers.conversion import carry_over as carry_over
from lrdesigner.optimizers.conversion import constructor_options as constructor_options
from lrdesigner.optimizers.conversion import movable_options as movable_options
from lrdesigner.optimizers.conversion import optimizer_imports as optimizer_imports
from lrdesigner.optimizers.conversion import option_value as option_value
from lrdesigner.optimizers.conversion import sharing_key as sharing_key
from lrdesigner.optimizers.conversion import torch_options as torch_options
from lrdesigner.optimizers.conversion import with_option as with_option
from lrdesigner.optimizers.custom import CustomOptions as CustomOptions
from lrdesigner.optimizers.descent import ASGDOptions as ASGDOptions
from lrdesigner.optimizers.descent import LBFGSOptions as LBFGSOptions
from lrdesigner.optimizers.descent import MuonOptions as MuonOptions
from lrdesigner.optimizers.descent import RMSpropOptions as RMSpropOptions
from lrdesigner.optimizers.descent import RpropOptions as RpropOptions
from lrdesigner.optimizers.descent import SGDOptions as SGDOptions
from lrdesigner.optimizers.option_text import options_text as options_text
from lrdesigner.optimizers.option_text import read_options as read_options
from lrdesigner.optimizers.options import SWITCHES as SWITCHES
from lrdesigner.optimizers.options import Options as Options
from lrdesigner.optimizers.table import COMMON as COMMON
from lrdesigner.optimizers.table import OPTIMIZERS as OPTIMIZERS
from lrdesigner.optimizers.table import AnyOptions as AnyOptions
from lrdesigner.optimizers.table import Optimizer as Optimizer
from lrdesigner.optimizers.table import optimizer_name as optimizer_name
from lrdesigner.optimizers.table import optimizer_of as optimizer_of
from lrdesigner.optimizers.table import refuses as refuses
