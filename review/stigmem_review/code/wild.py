"""Ways to rebind a name, or to run code, that leave no trace under the name itself."""

from __future__ import annotations

import ast
import sys


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_REMOVED = _words("asynchat asyncore binhex distutils imp smtpd")
"""Modules that some supported release of Python has in its library and another has not."""
STANDARD = sys.stdlib_module_names | _REMOVED | {"annotationlib", "compression"}

HOST = _words("annotated_types pydantic pydantic_core stigmem_node typing_extensions")
"""The host, and what its manifest class is made of."""
_HOST_PARTS = HOST | {"enum", "importlib", "json", "pathlib", "sys", "tomllib", "typing"}
"""The host, and what the reader takes at its word."""

NAMES = _words(
    "__builtins__ __import__ __loader__ __path__ __spec__ breakpoint compile delattr eval "
    "exec globals locals vars"
)
ATTRIBUTES = _words(
    # From an object to what it is made of, or to the code that uses it.
    "__annotate__ __annotations__ __builtins__ __closure__ __code__ __delattr__ __dict__ "
    "__getattribute__ __getstate__ __globals__ __import__ __kwdefaults__ __loader__ "
    "__metadata__ __path__ __reduce__ __reduce_ex__ __spec__ __subclasses__ _create_fn "
    "_current_frames _eval_type _getframe _getframemodulename ag_code annotation "
    "cell_contents cr_code currentframe f_builtins f_code f_globals f_locals gi_code "
    "return_annotation submodule_search_locations "
    # By a name in a text.
    "ForwardRef ImportString PyObject attrgetter evaluate_forward_ref get_annotations get_field "
    "get_type_hints getattr_static getclosurevars getmembers getmembers_static getmodule "
    "methodcaller model_rebuild resolve_dotted_attribute resolve_name update_forward_refs "
    # Code from a text, from a file or from data.
    "CodeType EntryPoint FunctionType LazyLoader ModelMetaclass SourceFileLoader create_model "
    "dictConfig enable_load_extension entry_points eval exec exec_module fileConfig "
    "load_extension load_module machinery module_from_spec new_class reload run_module run_path "
    "source_to_code spec_from_file_location spec_from_loader "
    # Many names at once.
    "_convert_ global_enum globals locals parse_args parse_intermixed_args parse_known_args "
    "redirect_stderr redirect_stdout update_wrapper vars wraps "
    # The import system and the host, wherever they are reached.
    "_bootstrap _bootstrap_external builtins meta_path modules path_hooks path_importer_cache "
    "HookRegistry discover_plugin_manifests get_registry register_core_handler "
    "register_discovered_plugins set_registry setprofile settrace sys "
    # Files and processes: a module can be written before it is imported.
    "FileHandler FileIO RotatingFileHandler TimedRotatingFileHandler WatchedFileHandler "
    "create_subprocess_exec create_subprocess_shell fdopen hardlink_to link_to popen rename "
    "renames symlink_to touch unlink urlretrieve write_bytes write_text"
)
_LEGACY = _words("contents is_resource open_binary open_text path read_binary read_text")
PARTS = {
    "sys": frozenset({"modules", "path"}),
    "os": _words(
        "abort chdir execl execle execlp execlpe execv execve execvp execvpe fork forkpty link "
        "mkfifo mknod open popen posix_spawn posix_spawnp pwrite remove removedirs rename renames "
        "replace rmdir spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe startfile "
        "symlink system truncate unlink write writev"
    ),
    "importlib.resources": _LEGACY,
}
"""Parts of modules that are harmless otherwise, as long as the module is not handed around."""
PART_NAMES = frozenset().union(*PARTS.values())

BY_NAME = _words("__setattr__ getattr setattr")
JUDGED = BY_NAME | _words("find_spec import_module open")
"""What is judged by the arguments where it is called, and counts where it is handed around."""

BINDINGS = _words(
    "__annotations__ __builtins__ __loader__ __module__ __name__ __package__ __path__ "
    "__qualname__ __spec__"
)
HARMLESS = _words("__cause__ __doc__ __suppress_context__ __traceback__")
REDUCERS = _words("__reduce__ __reduce_ex__")
"""Methods whose result tells ``copy`` to set any attribute of any object."""

TEXTS = _words("__annotations__ __globals__ __dict__ __builtins__")

INERT_DECORATORS = _words(
    "builtins.classmethod builtins.property builtins.staticmethod abc.abstractmethod "
    "contextlib.asynccontextmanager contextlib.contextmanager functools.cache "
    "functools.cached_property functools.lru_cache typing.overload typing.override"
)
"""Decorators that neither call what they decorate nor hand it on."""
INERT_FACTORIES = _words(
    "functools.lru_cache functools.wraps stigmem_node.plugins.handler_timeout "
    "stigmem_node.plugins.handlers.handler_timeout"
)
"""Calls that give such a decorator."""

ROUTERS = _words("fastapi.APIRouter fastapi.routing.APIRouter")
ROUTE_METHODS = _words("delete get head options patch post put trace")
ROUTER_PARTS = ROUTE_METHODS | _words("add_api_route api_route route_class")
ROUTE_OWNERS = _words("app call dependant endpoint get_route_handler handle routes")
"""Attributes from which one gets to what was decorated."""
# Those of their keywords that are not given what is decorated.
ROUTER_KEYWORDS = _words("dependencies deprecated include_in_schema prefix responses tags")
ROUTE_KEYWORDS = _words(
    "dependencies deprecated description include_in_schema name operation_id "
    "response_class response_description response_model responses status_code summary tags"
)

# Every other module of the standard library counts as soon as live code uses it.
_TAME = _words(
    "__future__ _typeshed abc array ast asyncio atexit base64 binascii bisect bz2 calendar "
    "cmath codecs collections colorsys concurrent configparser contextlib contextvars copy "
    "csv dataclasses datetime decimal difflib email enum errno fnmatch fractions functools "
    "getpass gettext glob graphlib grp gzip hashlib heapq hmac html http importlib inspect io "
    "ipaddress itertools json keyword linecache locale logging lzma math mimetypes ntpath "
    "numbers operator os pathlib platform plistlib posixpath pprint pwd queue quopri random "
    "re reprlib sched secrets select selectors signal socket socketserver sqlite3 ssl stat "
    "statistics string stringprep struct sys sysconfig tempfile textwrap threading time token "
    "tokenize tomllib traceback types typing unicodedata urllib uuid warnings weakref xml "
    "zlib zoneinfo"
)
_WILD_LIBRARIES = _words(
    "_pytest apipkg cffi cloudpickle dill execnet forbiddenfruit joblib jsonpickle "
    "lazy_loader mock numba pkg_resources pytest pyximport wrapt"
)
_WILD_PARTS = frozenset({"importlib.machinery", "logging.config"})

# Modules whose calls make types; what they are given is text to nobody.
TYPE_LIBRARIES = HOST | _words("collections dataclasses enum fastapi starlette typing")
TYPE_METHODS = _words("__class_getitem__ __get_validators__ __modify_schema__ __mro_entries__")
TYPE_MAKERS = _words("NamedTuple NewType ParamSpec TypeVar TypeVarTuple TypedDict")


def is_wild(dotted: str) -> bool:
    """Say whether any use of what this dotted name imports is a hazard."""
    top, _, _ = dotted.partition(".")
    _, _, last = dotted.rpartition(".")
    if top in _WILD_LIBRARIES or (top in STANDARD and top not in _TAME):
        return True
    if any(dotted == each or dotted.startswith(f"{each}.") for each in _WILD_PARTS):
        return True
    if "." not in dotted:
        return False
    module = dotted.removesuffix(f".{last}")
    return last in ATTRIBUTES or last in NAMES or last in PARTS.get(module, ())


def is_host(dotted: str) -> bool:
    """Say whether assigning into what this dotted name imports changes the host or its model."""
    return dotted.partition(".")[0] in _HOST_PARTS


def only_reads(call: ast.Call) -> bool:
    """Say whether a call of something named ``open`` certainly opens for reading."""
    given: list[ast.expr] = [*call.args, *(word.value for word in call.keywords if word.arg)]
    if len(given) < len(call.args) + len(call.keywords):
        return False
    if isinstance(call.func, ast.Name):
        given = call.args[1:] + [word.value for word in call.keywords if word.arg == "mode"]
        return all(_is_reading(each) for each in given[:1]) and not any(
            isinstance(each, ast.Starred) for each in call.args
        )
    modes = call.args[-1:] + [word.value for word in call.keywords if word.arg == "mode"]
    return len(call.args) <= 2 and all(_is_reading(each) for each in modes)


def _is_reading(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str(mode)):
            return bool(mode) and not set(mode) - set("rbtU")
        case _:
            return False
