"""What others' code does when it is called: the one catalogue of APIs.

Names are those that a program gets them by. A name stands for everything below it, the longest
that fits decides, and what a call gives is written ``name()``. That something is there, is named
or is looked at does nothing: ``READ`` are the exceptions.

``apis.json`` says what each module acts on as a rule: one authority, ``nothing``, or ``partly``
where each of its names does what it is listed to do; and which names differ from the rule.
``plain.json`` is written by ``tests/record_apis.py``: the exceptions, constants, enumerations and
containers of modules that act, which nobody has to judge. A test holds both against the public
names of Python and of what a node installs, so that none of them is left without a judgement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec

from stigmem_review.host.modules import NOT_IN_EVERY_PYTHON, STANDARD
from stigmem_review.model import Authority
from stigmem_review.patterns import late

FILE = Path(__file__).with_name("apis.json")
PLAIN_FILE = Path(__file__).with_name("plain.json")

Verdict = Authority | Literal["nothing", "partly"]
"""What calling something acts on; ``partly`` says it of modules with some names that act."""


class _Data(msgspec.Struct, forbid_unknown_fields=True):
    rules: dict[str, list[str]]
    names: dict[str, dict[str, list[str]]]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAME = {"_io": "io", "nt": "os", "ntpath": "os.path", "posix": "os", "posixpath": "os.path"}
"""Modules that have the same functions as those that are listed."""
_LOOPS = (
    "asyncio.AbstractEventLoop()",
    "asyncio.get_event_loop()",
    "asyncio.get_running_loop()",
    "asyncio.new_event_loop()",
)
_READ = _words(
    "os.environ os.environb posix.environ nt.environ pydantic.ImportString starlette.config.environ"
)
"""What is acted on by whoever only looks at it."""

_METHODS: dict[Authority, frozenset[str]] = {
    "network": _words(
        "create_connection create_datagram_endpoint create_unix_connection create_unix_server "
        "sock_connect wrap_socket"
    ),
    "process": _words("execv execve popen spawnv subprocess_exec subprocess_shell"),
    "dynamic code": _words("exec_module load_module"),
    "native code": _words("from_address in_dll"),
    "threads": _words("run_in_executor"),
    "files": _words(
        "hardlink_to iterdir parse_file read_bytes read_text rglob rmdir symlink_to unlink "
        "write_bytes write_text"
    ),
}
"""Methods of objects nobody knows that hardly anything else has the names of."""
_LOOKED_AT: dict[Authority, frozenset[str]] = {
    "host internals": _words("_capabilities _core_apis _core_handlers _handlers"),
    "monkeypatching": _words(
        "__bases__ __class__ __code__ __globals__ __subclasses__ ag_frame cr_frame f_back "
        "f_builtins f_globals f_locals gi_frame"
    ),
}
"""Attributes, of whatever object, that lead where a plugin has no business."""
_STORED_ONLY = _words("__class__")

_OF_THE_NODE = _words(
    "HookRegistry allow_unsigned_development_override discover_plugin_manifests discovery "
    "get_registry lifecycle register_core_handler register_discovered_plugins registry "
    "set_registry signing"
)
"""What is for the node itself, of all that ``stigmem_node.plugins`` has."""

_KEEPS = _words(
    "abc atexit builtins.classmethod builtins.property builtins.staticmethod builtins.super "
    "click contextvars dataclasses enum fastapi functools logging pydantic "
    "pydantic_settings signal starlette stigmem_node sys typer types typing typing_extensions "
    "unittest weakref"
)
"""Who keeps a function that it is given, and calls it when something happens."""
_LOOKS = _words(
    "builtins abc collections contextlib.suppress copy dataclasses enum inspect isinstance json "
    "logging pprint stigmem_node typing typing_extensions types unittest.mock.patch warnings"
)
"""Who does not call what it is given."""
_CALLS = _words(
    "builtins.filter builtins.iter builtins.map builtins.max builtins.min builtins.sorted "
    "collections.defaultdict contextvars.copy_context.run dataclasses.field "
    "contextvars.Context.run fastapi.concurrency.run_in_threadpool functools.reduce "
    "inspect.getmembers inspect.getmembers_static inspect.getmodule "
    "starlette.concurrency.run_in_threadpool starlette.concurrency.run_until_first_complete "
    "sys.call_tracing typer.run"
)
"""Who does, of those modules, and of those that keep what they are given."""

_REACHING = _words(
    "builtins ctypes enum gc importlib inspect pydantic runpy stigmem_node sys types"
)
"""Whose calls may run, or change, whatever a program has."""
_REACHING_NAMES = _words(
    # From an object to what it is made of, or to the code that uses it.
    "__annotate__ __delattr__ __getattribute__ __getstate__ __import__ __reduce__ __reduce_ex__ "
    "__subclasses__ _create_fn _current_frames _eval_type _getframe _getframemodulename "
    "currentframe "
    # By a name in a text.
    "ForwardRef ImportString PyObject attrgetter evaluate_forward_ref get_annotations get_field "
    "get_type_hints getattr_static getclosurevars getmembers getmembers_static getmodule "
    "methodcaller model_rebuild resolve_dotted_attribute resolve_name update_forward_refs "
    # Code from a text, from a file or from data.
    "CodeType EntryPoint FunctionType LazyLoader ModelMetaclass SourceFileLoader create_model "
    "dictConfig enable_load_extension entry_points eval exec exec_module fileConfig "
    "load_extension load_module module_from_spec new_class reload run_module run_path "
    "source_to_code spec_from_file_location spec_from_loader "
    # Many names at once.
    "_convert_ global_enum globals locals parse_args parse_intermixed_args parse_known_args "
    "redirect_stderr redirect_stdout update_wrapper vars wraps "
    # The host, wherever it is reached.
    "HookRegistry discover_plugin_manifests get_registry register_core_handler "
    "register_discovered_plugins set_registry setprofile settrace "
    # Files and processes: a module can be written before it is imported.
    "FileHandler FileIO RotatingFileHandler TimedRotatingFileHandler WatchedFileHandler "
    "create_subprocess_exec create_subprocess_shell fdopen hardlink_to link_to popen rename "
    "renames symlink_to touch unlink urlretrieve write_bytes write_text"
)
"""The names of what does so too, whoever has it."""
_WRITING = _words("os pathlib pty shutil subprocess tarfile tempfile zipfile")
"""Whose calls may write files, which are read or imported later."""
_ASKS = _words(
    "builtins.bool builtins.callable builtins.dir builtins.hash builtins.id builtins.isinstance "
    "builtins.issubclass builtins.len builtins.repr builtins.str inspect.getdoc "
    "inspect.isabstract inspect.isbuiltin inspect.isclass inspect.iscoroutinefunction "
    "inspect.isfunction inspect.isgeneratorfunction inspect.ismethod inspect.ismodule "
    "inspect.isroutine"
)
"""Calls of which nothing comes but what the thing is that they are given."""
_APART = _words(
    "enum.auto gc.collect gc.disable gc.enable gc.freeze gc.get_count gc.get_threshold "
    "gc.isenabled gc.set_threshold gc.unfreeze inspect.cleandoc inspect.getdoc "
    "inspect.isasyncgenfunction inspect.isawaitable "
    "inspect.isclass inspect.iscoroutine inspect.isgeneratorfunction inspect.ismethod "
    "inspect.signature inspect.unwrap pydantic.SecretStr sys.exc_info sys.exit "
    "sys.getdefaultencoding sys.getfilesystemencoding sys.getrecursionlimit sys.getsizeof "
    "sys.intern sys.stderr.flush sys.stderr.write sys.stdout.flush sys.stdout.write "
    "types.MappingProxyType types.MethodType types.SimpleNamespace"
)
"""Calls without keywords that give what is made of their arguments, or nothing, and no more."""
_DECORATING = _words(
    "computed_field field_serializer field_validator model_serializer model_validator"
)
"""Names of calls that only mark what is then called for a model."""
_DECIDING = _words("builtins enum fastapi importlib pydantic stigmem_node sys")
"""What decides what manifests are, for whoever gets it and changes it."""
_STREAMS = _words("sys.stdin sys.stdout sys.stderr")
"""What is written to, or read from, and leads no further."""
_LEADING = _words("__dict__ _getframe meta_path path path_hooks setprofile settrace")
"""Attributes of Python itself that lead to whatever a program has."""

_GIVES_A_PATH = late(
    r"(?<=pathlib\.Path)(?:\.(?:absolute|cwd|expanduser|home|joinpath|parent|parents|readlink|"
    r"rename|replace|resolve|with_name|with_segments|with_stem|with_suffix))+(?=\.)"
)
_ERROR = late(
    r"(?:\w*(?:Error|Exception|Warning|Expired|Interrupt|Timeout|Disconnect)|\w*Closed\w*|"
    r"Bad\w+|Invalid\w+|TooMany\w+|timeout|herror|gaierror|error)\Z"
)
_ASKED = late(r"c_\w+\Z|is_\w+\Z|__\w+version\w*__\Z")
PARTLY = frozenset({"asyncio", "builtins", "importlib", "io", "nt", "os", "posix", "sys"})
"""Modules of which parts reach far and others do not, so that their parts are what counts."""
DECIDED = _words("logging.basicConfig yaml.load yaml.load_all")
"""Functions of which the arguments decide what they act on."""
_SAFE_LOADERS = _words("yaml.BaseLoader yaml.CBaseLoader yaml.CSafeLoader yaml.SafeLoader")
NOTHING = _words("binascii cmath errno itertools math time unicodedata zlib")
"""Modules of which no part acts on anything, whichever it is."""
SEEN_AS = {
    "pathlib.PosixPath": "pathlib.Path",
    "pathlib.WindowsPath": "pathlib.Path",
    "_sqlite3": "sqlite3",
}
"""What does the same as something else, though it is another thing."""
ALIASES = {
    "_io.open": "builtins.open",
    "builtins.EnvironmentError": "builtins.OSError",
    "builtins.IOError": "builtins.OSError",
    "fastapi.routing.APIRouter": "fastapi.APIRouter",
    "io.open": "builtins.open",
    "json.decoder.JSONDecodeError": "json.JSONDecodeError",
    "posixpath.join": "os.path.join",
    "pydantic.ValidationError": "pydantic_core.ValidationError",
    "pydantic.main.BaseModel": "pydantic.BaseModel",
    "re.PatternError": "re.error",
    "stigmem_node.plugins.capabilities.Capability": "stigmem_node.plugins.Capability",
    "stigmem_node.plugins.errors.RejectError": "stigmem_node.plugins.RejectError",
    "stigmem_node.plugins.handlers.ALLOW_SINGLETON": "stigmem_node.plugins.ALLOW_SINGLETON",
    "stigmem_node.plugins.handlers.Allow": "stigmem_node.plugins.Allow",
    "stigmem_node.plugins.handlers.Deny": "stigmem_node.plugins.Deny",
    "stigmem_node.plugins.handlers.Migration": "stigmem_node.plugins.Migration",
    "stigmem_node.plugins.handlers.handler_timeout": "stigmem_node.plugins.handler_timeout",
    "stigmem_node.plugins.hooks.HookName": "stigmem_node.plugins.HookName",
    "stigmem_node.plugins.manifest.PluginManifest": "stigmem_node.plugins.PluginManifest",
    "typing.Callable": "collections.abc.Callable",
    "typing.Iterable": "collections.abc.Iterable",
    "typing.Mapping": "collections.abc.Mapping",
    "typing.Sequence": "collections.abc.Sequence",
}
"""What has several names, and the one it is recognised by."""
_THEMSELVES = _words(
    "asyncio.subprocess collections.abc importlib.abc os.path os.stat sys.platform"
)
"""What has the name of a module of Python and is another thing, or a module in a module."""
EVERYWHERE = _words(
    "sys.platform sys.version sys.version_info sys.modules sys.argv sys.executable os.name "
    "os.sep typing.Any typing.TYPE_CHECKING typing.Final typing.NamedTuple typing.Callable "
    "typing.Generic typing.Optional typing.Protocol typing.ClassVar typing.Union typing.Literal "
    "typing.Annotated typing.Mapping typing.Sequence typing.Iterable enum.Enum enum.StrEnum "
    "enum.IntEnum abc.ABC collections.abc.Mapping collections.abc.Sequence "
    "collections.abc.Iterable collections.abc.Set collections.abc.Callable json.JSONDecodeError "
    "tomllib.TOMLDecodeError os.path.sep importlib.metadata.PackageNotFoundError logging.Logger "
    "pydantic.BaseModel fastapi.Request typing.TypedDict abc.ABCMeta"
)
"""What is there in every version of Python and of the node's libraries, whatever calls it."""
HEAVY: frozenset[Authority] = frozenset(
    {
        *("network", "process", "files", "native code", "dynamic code", "threads"),
        *("monkeypatching", "databases"),
    }
)
"""What matters more where the import already does it."""


_OPTIONAL = _words(
    "_winapi bz2 curses fcntl grp idlelib lzma msvcrt nt posix pty pwd readline resource syslog "
    "termios tkinter tty turtle turtledemo winreg winsound"
)
"""Modules that Python has on some platforms, or where it was built with them."""
_IMPORTING = STANDARD | {"os.path"}
"""Modules that have the modules they import as attributes."""


@cache
def _listed() -> tuple[Mapping[str, Verdict], Mapping[str, Verdict]]:
    """Return what the names do that are listed, by their dotted names, and modules as a rule."""
    data = msgspec.json.decode(FILE.read_bytes(), type=_Data)
    named = {
        f"{module}.{name}": verdict
        for module, listed in data.names.items()
        for name, verdict in _each(listed)
    }
    return named, dict(_each(data.rules))


def _each(listed: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Verdict]]:
    for word, lines in listed.items():
        verdict = next(each for each in _VERDICTS if each == word)
        for line in lines:
            yield from ((name, verdict) for name in line.split())


@cache
def _plain() -> Mapping[str, frozenset[str]]:
    """Return the names of modules that act which are exceptions, constants and the like."""
    data = msgspec.json.decode(PLAIN_FILE.read_bytes(), type=dict[str, list[str]])
    return {module: _words(" ".join(lines)) for module, lines in data.items()}


_VERDICTS: tuple[Verdict, ...] = (*get_args(Authority), "nothing", "partly")
_BY_METHOD = {name: authority for authority, names in _METHODS.items() for name in names}
_BY_LOOK = {name: authority for authority, names in _LOOKED_AT.items() for name in names}


def _prefixes(dotted: str) -> Iterator[str]:
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]


def _below(dotted: str, names: frozenset[str]) -> str:
    """Return the name, of some, that something stands below."""
    return next((each for each in _prefixes(dotted) if each in names), "")


def judged(dotted: str) -> tuple[Verdict, str] | None:
    """Return what a dotted name does, and the name or module that says so.

    ``None`` where nobody has said anything of it, as of what is not listed of a module that acts
    partly.
    """
    named, rules = _listed()
    top, dot, rest = dotted.partition(".")
    dotted = f"{_SAME.get(top, top)}{dot}{rest}"
    for each in _prefixes(dotted):
        if verdict := named.get(each):
            return verdict, each
        if verdict := rules.get(each):
            if verdict == "partly" and each != dotted:
                return None
            if verdict != "nothing" and _is_plain(dotted, each):
                return "nothing", dotted
            return verdict, each
    return None


def _authority(verdict: Verdict) -> Authority | None:
    return None if verdict == "nothing" or verdict == "partly" else verdict


def _is_plain(dotted: str, module: str) -> bool:
    """Say whether a name, of a module that acts, is an exception, a constant, or a question."""
    for owner in _prefixes(dotted.rpartition(".")[0]):
        if (known := _plain().get(owner)) is not None:
            return dotted[len(owner) + 1 :].partition(".")[0] in known
    first, _, more = dotted[len(module) + 1 :].partition(".")
    if first in ("exceptions", "errors", "exc") or (more and first.isupper()):
        return True
    return bool(_ERROR.match(first) or _ASKED.match(first))


@cache
def called(api: str) -> tuple[Authority, str] | None:
    """Return what calling something acts on, and the name that is recognised by.

    ``api`` is a dotted name, or ``?.name`` for a method of nobody knows what.
    """
    dotted = _GIVES_A_PATH.sub("", api.replace("()", ""))
    last = dotted.rpartition(".")[2]
    if not dotted.startswith("?"):
        if part := host_part(dotted):
            return "host internals", part
        known = judged(dotted)
        authority = _authority(known[0]) if known else None
        if authority or known is None or api.startswith(_LOOPS):
            elsewhere = _defined_elsewhere(api)
            if elsewhere and authority in (None, elsewhere[0]):
                return elsewhere
        if known and authority:
            return authority, known[1]
    if "." in dotted and (method := _BY_METHOD.get(last)):
        return method, f".{last}"
    return looked_at(api)


def _defined_elsewhere(api: str) -> tuple[Authority, str] | None:
    """Return what something acts on by the name that a package gives it, and not its own parts.

    So ``asyncio.streams.open_connection`` is ``asyncio.open_connection``. What an event loop has
    is listed as if ``asyncio`` had it.
    """
    if "()" in api and not api.startswith(_LOOPS):
        return None
    *parts, last = api.replace("()", "").split(".")
    if parts[:1] in (["os"], ["posix"], ["nt"], ["sys"]):
        return None
    named, _ = _listed()
    for size in range(len(parts) - 1, 0, -1):
        name = ".".join((*parts[:size], last))
        if authority := _authority(named.get(name, "nothing")):
            return authority, name
    return None


def by_arguments(api: str, given: Mapping[str, Sequence[str]]) -> str:
    """Return what does the same as a call of something in ``DECIDED``.

    ``given`` are the dotted names that each argument, by its number or name, is known to be.
    """
    if api == "logging.basicConfig":
        return "logging.FileHandler" if "filename" in given else api
    loaders = given.get("Loader", given.get("1", ()))
    if loaders and all(each in _SAFE_LOADERS for each in loaders):
        return f"yaml.safe_{api.rpartition('.')[2]}"
    return api


@cache
def looked_at(api: str) -> tuple[Authority, str] | None:
    """Return what looking at something acts on."""
    last = api.rpartition(".")[2]
    if api in _READ and (known := judged(api)) and (authority := _authority(known[0])):
        return authority, api
    if (leads := _BY_LOOK.get(last)) and last not in _STORED_ONLY and "." in api:
        return leads, f".{last}"
    # What a call gives is what was called already.
    part = "" if "()" in api else host_part(api)
    return ("host internals", part) if part else None


def stored(api: str) -> tuple[Authority, str] | None:
    """Return what setting, or deleting, something of others acts on."""
    owner, _, last = api.rpartition(".")
    if api.startswith(("os.environ", "posix.environ", "nt.environ")):
        return "environment", "os.environ"
    if api.endswith("[]"):
        known = judged(api.removesuffix("[]"))
        return ("monkeypatching", known[1]) if known and known[0] == "monkeypatching" else None
    if last in _BY_LOOK:
        return _BY_LOOK[last], f".{last}"
    if not owner or "()" in owner or owner.startswith("?"):
        return None
    return "monkeypatching", f"assigning {api}"


def host_part(dotted: str) -> str:
    """Return the part of the host that a dotted name leads to, unless it is for plugins."""
    match dotted.split("."):
        case ["stigmem_node", "plugins", *rest]:
            return f"stigmem_node.plugins.{rest[0]}" if _OF_THE_NODE & {*rest[:2]} else ""
        case ["stigmem_node", part, *_]:
            return f"stigmem_node.{part}"
        case _:
            return ""


@cache
def keeps(api: str) -> bool:
    """Say whether a function keeps a function that it is given, to call it later."""
    dotted = api.replace("()", "")
    return dotted not in _CALLS and bool(_below(dotted, _KEEPS))


@cache
def looks(api: str) -> bool:
    """Say whether a function does not call what it is given."""
    dotted = api.replace("()", "")
    return dotted not in _CALLS and bool(_below(dotted, _LOOKS))


@cache
def canonical(api: str) -> str:
    """Return the one name of what has several."""
    module, _, name = api.rpartition(".")
    if name in STANDARD and module in _IMPORTING - {name} and api not in _THEMSELVES:
        # What a module has imported is that module, whoever is asked for it.
        return name
    return ALIASES.get(api, api)


def is_everywhere(module: str) -> bool:
    """Say whether there is a module of Python wherever a node runs."""
    top, dot, _ = module.partition(".")
    return top in STANDARD - NOT_IN_EVERY_PYTHON - _OPTIONAL and (not dot or module in _listed()[1])


def is_optional(module: str) -> bool:
    """Say whether a module of Python is there on some platforms only."""
    top, dot, _ = module.partition(".")
    return top in _OPTIONAL and (not dot or module in _listed()[1])


def seen_as(api: str) -> str:
    """Return the name by which events speak of something, which may be that of what does alike."""
    for name, other in SEEN_AS.items():
        if api.startswith(name) and api[len(name) : len(name) + 1] in ("", ".", "("):
            return other + api[len(name) :]
    return api


@cache
def changes(api: str, *, named: bool = False) -> Literal["everything", "files", ""]:
    """Return what calling something may change of a program, besides what it is given.

    ``named`` says that it is given anything by keyword.
    """
    last = api.rpartition(".")[2]
    if last in _REACHING_NAMES:
        return "everything"
    top = api.partition(".")[0]
    if top in _WRITING:
        return "files"
    if top not in _REACHING or last in _DECORATING or (api in _APART and not named):
        return ""
    return "everything"


def asks(api: str) -> bool:
    """Say whether a call only asks what it is given for what it is, and leaves it as it is."""
    return api in _ASKS


def decides(api: str) -> bool:
    """Say whether whoever is given something can change what manifests are."""
    if api.startswith("builtins.") or api in _STREAMS:
        return False
    return api.partition(".")[0] in _DECIDING or api in STANDARD or api == "os.environ"


def leads(module: str, name: str) -> bool:
    """Say whether an attribute of a module leads to whatever a program has."""
    return module in ("builtins", "sys") and name in _LEADING
