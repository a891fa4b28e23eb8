"""What others' code does when it is called: the one catalogue of APIs.

Names are those that a program gets them by. A name stands for everything below it, the longest
that fits decides, and what a call gives is written ``name()``. That something is there, is named
or is looked at does nothing: ``READ`` are the exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Literal

from stigmem_review.host.modules import STANDARD
from stigmem_review.model import Authority


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ACTS: dict[Authority, frozenset[str]] = {
    "network": _words(
        "aio_pika aioboto3 aioftp aiohttp aiokafka aiosmtplib aiozmq amqp anthropic "
        "anyio.connect_tcp anyio.connect_tcp_with_tls anyio.connect_unix "
        "anyio.create_connected_udp_socket anyio.create_tcp_listener anyio.create_udp_socket "
        "anyio.create_unix_listener anyio.getaddrinfo asyncio.create_server "
        "asyncio.getaddrinfo asyncio.getnameinfo asyncio.open_connection "
        "asyncio.open_unix_connection asyncio.start_server asyncio.start_unix_server asyncssh "
        "azure boto3 botocore chromadb cognee cohere confluent_kafka curl_cffi datasets "
        "discord dns elasticsearch fastapi.testclient firebase_admin ftplib gitlab "
        "google.cloud google.genai google.generativeai gql granian groq grpc grpclib gunicorn "
        "h2 http.client http.server httpcore httplib2 httpx httpx_sse huggingface_hub hvac "
        "hypercorn imaplib influxdb influxdb_client jira kafka kombu kubernetes "
        "langchain_anthropic langchain_openai ldap ldap3 letta letta_client litellm "
        "llama_index logging.handlers.DatagramHandler logging.handlers.HTTPHandler "
        "logging.handlers.SMTPHandler logging.handlers.SocketHandler "
        "logging.handlers.SysLogHandler meilisearch mem0 memcache minio mistralai nats "
        "niquests nltk.download nntplib ollama openai opensearchpy opentelemetry.exporter paho "
        "pandas.read_csv pandas.read_html pandas.read_json paramiko pika pinecone playwright "
        "poplib portkey_ai prometheus_client.start_http_server pyairtable pycurl pymemcache "
        "pymilvus qdrant_client redis requests scrapy selenium sentence_transformers "
        "sentry_sdk slack_bolt slack_sdk smtplib _socket socket socketserver _ssl ssl "
        "starlette.testclient stripe supabase telegram telnetlib temporalio tiktoken tornado "
        "transformers tweepy twilio twisted typesense urllib.request urllib.robotparser "
        "urllib3 uvicorn voyageai weaviate websocket websockets wsgiref.simple_server xmlrpc "
        "zep_cloud zep_python zmq"
    ),
    "process": _words(
        "anyio.open_process anyio.run_process anyio.to_process asyncio.create_subprocess_exec "
        "asyncio.create_subprocess_shell click.edit click.launch "
        "concurrent.futures.ProcessPoolExecutor ctypes.util.find_library ensurepip fabric "
        "invoke multiprocessing pexpect pip plumbum _posixsubprocess psutil pty "
        "resource.prlimit resource.setrlimit sh subprocess typer.launch venv "
        "watchfiles.arun_process watchfiles.run_process webbrowser _winapi"
    ),
    "files": _words(
        "aiofiles anyio.NamedTemporaryFile anyio.open_file anyio.Path anyio.TemporaryDirectory "
        "anyio.TemporaryFile builtins.open bz2.BZ2File bz2.open click.File click.open_file "
        "codecs.open compileall configparser.ConfigParser.read "
        "configparser.RawConfigParser.read fastapi.responses.FileResponse fastapi.staticfiles "
        "fastapi.templating fcntl filecmp fileinput glob grp gzip.GzipFile gzip.open io.FileIO "
        "io.open_code jinja2.FileSystemLoader keyring linecache logging.FileHandler "
        "logging.handlers.RotatingFileHandler logging.handlers.TimedRotatingFileHandler "
        "logging.handlers.WatchedFileHandler lzma.LZMAFile lzma.open mailbox netrc "
        "numpy.fromfile numpy.genfromtxt numpy.load numpy.loadtxt numpy.memmap numpy.save "
        "numpy.savetxt numpy.savez os.path.getmtime os.path.getsize pandas.read_excel "
        "pandas.read_parquet pathlib.Path.chmod pathlib.Path.glob pathlib.Path.group "
        "pathlib.Path.lstat pathlib.Path.mkdir pathlib.Path.open pathlib.Path.owner "
        "pathlib.Path.rename pathlib.Path.replace pathlib.Path.stat pathlib.Path.touch "
        "pathlib.Path.walk pwd py_compile readline shutil starlette.responses.FileResponse "
        "starlette.staticfiles starlette.templating tarfile tempfile watchfiles "
        "xml.dom.minidom.parse xml.dom.pulldom.parse xml.etree.ElementTree.ElementTree.write "
        "xml.etree.ElementTree.iterparse xml.etree.ElementTree.parse xml.sax.parse zipfile"
    ),
    "environment": _words(
        "decouple dotenv dynaconf environs getpass.getuser os.path.expandvars "
        "pydantic.v1.BaseSettings pydantic_settings pydantic_settings.BaseSettings "
        "starlette.config starlette.config.environ"
    ),
    "native code": _words("cffi _ctypes ctypes mmap pyodbc wasmer wasmtime"),
    "dynamic code": _words(
        "asteval bdb builtins.__import__ builtins.compile builtins.eval builtins.exec "
        "cloudpickle code codeop cProfile dill doctest _frozen_importlib "
        "_frozen_importlib_external _imp imp importlib.__import__ importlib.import_module "
        "importlib.machinery importlib.metadata.entry_points.load "
        "importlib.metadata.entry_points.select.load importlib.metadata.EntryPoint.load "
        "importlib.reload importlib.util jinja2.Environment.from_string jinja2.ModuleLoader "
        "jinja2.Template joblib jsonpickle logging.config _marshal marshal numexpr pandas.eval "
        "pandas.read_pickle pdb _pickle pickle pkgutil profile pydantic.ImportString "
        "RestrictedPython runpy shelve simpleeval timeit torch.load trace types.CodeType "
        "types.FunctionType unittest.defaultTestLoader unittest.main unittest.TestLoader "
        "uvicorn.importer yaml.CFullLoader yaml.CLoader yaml.CUnsafeLoader yaml.full_load "
        "yaml.full_load_all yaml.FullLoader yaml.load yaml.load_all yaml.Loader "
        "yaml.unsafe_load yaml.unsafe_load_all yaml.UnsafeLoader zipimport"
    ),
    "threads": _words(
        "_thread anyio.from_thread anyio.to_thread asyncio.run_coroutine_threadsafe "
        "asyncio.to_thread atexit concurrent.futures.ThreadPoolExecutor sched signal threading"
    ),
    "monkeypatching": _words(
        "eventlet.monkey_patch forbiddenfruit gc gevent.monkey inspect.currentframe "
        "inspect.stack nest_asyncio site.addsitedir sys._current_frames sys._getframe "
        "sys.addaudithook sys.meta_path sys.modules sys.monitoring sys.path sys.path_hooks "
        "sys.path_importer_cache sys.setprofile sys.settrace unittest.mock wrapt"
    ),
    "databases": _words(
        "aiomysql aiosqlite asyncmy asyncpg cassandra clickhouse_connect clickhouse_driver dbm "
        "duckdb lmdb motor mysql MySQLdb neo4j oracledb peewee plyvel psycopg psycopg2 pymongo "
        "pymssql pymysql snowflake sqlalchemy.create_engine "
        "sqlalchemy.ext.asyncio.create_async_engine sqlite3 sqlmodel.create_engine"
    ),
}
"""What modules do as a rule, and what functions do whose modules do nothing as a rule."""

_OF_OS: dict[Authority, frozenset[str]] = {
    "process": _words(
        "_exit abort execl execle execlp "
        "execlpe execv execve execvp execvpe fork forkpty kill killpg "
        "login_tty nice openpty popen posix_spawn posix_spawnp register_at_fork "
        "sched_setaffinity setegid seteuid setgid setgroups setns setpgid setregid setresgid "
        "setresuid setreuid setsid setuid unshare spawnl spawnle spawnlp spawnlpe spawnv "
        "spawnve spawnvp spawnvpe startfile system"
    ),
    "environment": _words("environ environb getenv getenvb putenv unsetenv"),
    "files": _words(
        "access chdir chmod chown chroot copy_file_range fdopen fwalk lchown link listdir lstat "
        "makedirs mkdir mkfifo mknod open pread preadv pwrite pwritev read readlink readv remove "
        "removedirs removexattr rename renames replace rmdir scandir sendfile setxattr stat "
        "symlink truncate unlink utime walk write writev"
    ),
}

_PURE = _words(
    "atexit.unregister ctypes.ARRAY ctypes.POINTER ctypes.Structure ctypes.Union ctypes.alignment "
    "ctypes.byref ctypes.create_string_buffer ctypes.create_unicode_buffer ctypes.pointer "
    "ctypes.sizeof gc.collect gc.disable gc.enable gc.freeze gc.get_count gc.get_stats "
    "gc.get_threshold gc.isenabled gc.set_threshold gc.unfreeze glob.escape glob.has_magic "
    "http.client.HTTPMessage httpx.Auth httpx.BasicAuth httpx.Cookies httpx.DigestAuth "
    "httpx.Headers httpx.Limits httpx.NetRCAuth httpx.Proxy httpx.QueryParams httpx.Request "
    "httpx.Response httpx.Timeout httpx.URL httpx.codes importlib.util.cache_from_source "
    "importlib.util.find_spec importlib.util.resolve_name "
    "multiprocessing.cpu_count multiprocessing.current_process multiprocessing.freeze_support "
    "multiprocessing.get_logger multiprocessing.get_start_method "
    "multiprocessing.parent_process pickle.dumps pickletools pkgutil.extend_path "
    "psutil.cpu_count pydantic_settings.NoDecode pydantic_settings.SettingsConfigDict "
    "requests.PreparedRequest requests.Request requests.Response requests.auth requests.codes "
    "requests.cookies requests.structures requests.utils.quote shutil.disk_usage "
    "shutil.get_terminal_size shutil.which signal.Handlers signal.Signals signal.getsignal "
    "signal.strsignal signal.valid_signals socket.gethostname socket.has_ipv6 socket.htonl "
    "socket.htons socket.inet_aton socket.inet_ntoa socket.inet_ntop socket.inet_pton "
    "socket.ntohl socket.ntohs socket.getdefaulttimeout sqlite3.Binary "
    "sqlite3.Row sqlite3.complete_statement ssl.Purpose ssl.SSLContext ssl.TLSVersion "
    "ssl.create_default_context ssl.match_hostname ssl.get_default_verify_paths "
    "subprocess.list2cmdline subprocess.CompletedProcess tempfile.gettempdir "
    "tempfile.gettempprefix threading.Barrier threading.BoundedSemaphore threading.Condition "
    "threading.Event threading.Lock threading.RLock threading.Semaphore threading.active_count "
    "threading.current_thread threading.enumerate threading.get_ident threading.get_native_id "
    "threading.local threading.main_thread timeit.default_timer unittest.mock.ANY "
    "unittest.mock.sentinel "
    "urllib.request.Request urllib.request.getproxies urllib.request.pathname2url "
    "urllib.request.url2pathname urllib3.util.parse_url urllib3.util.Timeout urllib3.util.Retry "
    "urllib3.util.Url urllib3.Retry urllib3.Timeout uvicorn.config.LOGGING_CONFIG "
    "watchfiles.Change watchfiles.DefaultFilter watchfiles.PythonFilter zipfile.ZipInfo "
    "sys.modules.get sys.modules.keys sys.modules.copy sys.modules.items sys.path.copy "
    "sys.path.index sys.path.count sys.path_hooks.copy wrapt.ObjectProxy"
)
"""What of them does nothing: it makes a value, or tells one."""

_LOOPS = (
    "asyncio.AbstractEventLoop()",
    "asyncio.get_event_loop()",
    "asyncio.get_running_loop()",
    "asyncio.new_event_loop()",
)
_OF_TYPES = _words("from_address in_dll")
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
    "fastapi.concurrency.run_in_threadpool inspect.getmembers inspect.getmembers_static "
    "inspect.getmodule "
    "starlette.concurrency.run_in_threadpool"
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
_APART = _words(
    "enum.auto inspect.cleandoc inspect.getdoc inspect.isasyncgenfunction inspect.isawaitable "
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
_LEADING = _words("__dict__ _getframe meta_path path path_hooks setprofile settrace")
"""Attributes of Python itself that lead to whatever a program has."""

_GIVES_A_PATH = re.compile(
    r"(?<=pathlib\.Path)(?:\.(?:absolute|cwd|expanduser|home|joinpath|parent|parents|readlink|"
    r"rename|replace|resolve|with_name|with_segments|with_stem|with_suffix))+(?=\.)"
)
_ERROR = re.compile(
    r"(?:\w*(?:Error|Exception|Warning|Expired|Interrupt|Timeout|Disconnect)|\w*Closed\w*|"
    r"Bad\w+|Invalid\w+|TooMany\w+|timeout|herror|gaierror|error)\Z"
)
_ASKED = re.compile(r"c_\w+\Z|is_\w+\Z|__\w+version\w*__\Z")
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
    "stigmem_node.plugins.capabilities.Capability": "stigmem_node.plugins.Capability",
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


def _index() -> Mapping[str, Authority]:
    found: dict[str, Authority] = {}
    for authority, names in _ACTS.items():
        for each in names:
            found[each] = authority
    for authority, names in _OF_OS.items():
        for each in names:
            found |= {f"{module}.{each}": authority for module in ("os", "posix", "nt")}
    return found


_BY_NAME = _index()
_BY_METHOD = {name: authority for authority, names in _METHODS.items() for name in names}
_BY_LOOK = {name: authority for authority, names in _LOOKED_AT.items() for name in names}


def _prefixes(dotted: str) -> Iterator[str]:
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]


def _below(dotted: str, names: frozenset[str]) -> str:
    """Return the name, of some, that something stands below."""
    return next((each for each in _prefixes(dotted) if each in names), "")


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
        for each in _prefixes(dotted):
            if each in _PURE:
                break
            if known := _BY_NAME.get(each):
                if each != dotted and known != "environment" and _is_plain(dotted[len(each) + 1 :]):
                    return (_BY_METHOD[last], f".{last}") if last in _OF_TYPES else None
                return known, each
        else:
            each = ""
        if each:
            return ("network", f".{last}") if last == "wrap_socket" else None
        if known_ := _defined_elsewhere(api):
            return known_
    if "." in dotted and (known := _BY_METHOD.get(last)):
        return known, f".{last}"
    return looked_at(api)


def _defined_elsewhere(api: str) -> tuple[Authority, str] | None:
    """Return what something acts on by the name that a package gives it, and not its own parts.

    So ``asyncio.streams.open_connection`` is ``asyncio.open_connection``. What an event loop has
    is listed as if ``asyncio`` had it.
    """
    if "()" in api and not api.startswith(_LOOPS):
        return None
    *parts, last = api.replace("()", "").split(".")
    for size in range(len(parts) - 1, 0, -1):
        name = ".".join((*parts[:size], last))
        if (known := _BY_NAME.get(name)) and parts[0] not in ("os", "posix", "nt", "sys"):
            return known, name
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


def _is_plain(rest: str) -> bool:
    """Say whether what a module has is an exception, a constant, or a question."""
    first, _, more = rest.partition(".")
    if first in ("exceptions", "errors", "exc") or (more and first.isupper()):
        return True
    return bool(_ERROR.match(first) or _ASKED.match(first))


@cache
def looked_at(api: str) -> tuple[Authority, str] | None:
    """Return what looking at something acts on."""
    last = api.rpartition(".")[2]
    if api in _READ:
        return _BY_NAME[api], api
    if (known := _BY_LOOK.get(last)) and last not in _STORED_ONLY and "." in api:
        return known, f".{last}"
    # What a call gives is what was called already.
    part = "" if "()" in api else host_part(api)
    return ("host internals", part) if part else None


def stored(api: str) -> tuple[Authority, str] | None:
    """Return what setting, or deleting, something of others acts on."""
    owner, _, last = api.rpartition(".")
    if api.startswith(("os.environ", "posix.environ", "nt.environ")):
        return "environment", "os.environ"
    if api.endswith("[]"):
        known = next((e for e in _prefixes(api.removesuffix("[]")) if e in _BY_NAME), "")
        return (_BY_NAME[known], known) if _BY_NAME.get(known) == "monkeypatching" else None
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
    if name in STANDARD and module in STANDARD - {name} and api not in _THEMSELVES:
        # What a module has imported is that module, whoever is asked for it.
        return name
    return ALIASES.get(api, api)


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


def decides(api: str) -> bool:
    """Say whether whoever is given something can change what manifests are."""
    if api.startswith("builtins."):
        return False
    return api.partition(".")[0] in _DECIDING or api in STANDARD or api == "os.environ"


def leads(module: str, name: str) -> bool:
    """Say whether an attribute of a module leads to whatever a program has."""
    return module in ("builtins", "sys") and name in _LEADING
