"""What code reaches by itself, without asking the node for a capability.

The node hands its own interfaces to whoever declares the right capability, and stops nobody from
opening a socket. Names are recognised by the module they come from, and methods of unknown
objects by names that hardly anything else has.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import get_args

from stigmem_review.code.installed import Code
from stigmem_review.model import DOES, Authority, Observation
from stigmem_review.observe.names import COMPUTED, HANDED_ON
from stigmem_review.observe.uses import Import, Use


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_OS = {
    "process": _words(
        "abort execl execle execlp execlpe execv execve execvp execvpe fork forkpty kill killpg "
        "popen posix_spawn posix_spawnp setgid setuid spawnl spawnle spawnlp spawnlpe spawnv "
        "spawnve spawnvp spawnvpe startfile system"
    ),
    "environment": _words("environ environb getenv getenvb putenv unsetenv"),
    "files": _words(
        "access chmod chown fdopen link listdir lstat makedirs mkdir mkfifo mknod open read "
        "readlink remove removedirs rename renames replace rmdir scandir stat symlink truncate "
        "unlink utime walk write"
    ),
}
_MODULES: dict[str, frozenset[str]] = {
    "network": _words(
        "_socket _ssl aioboto3 aiohttp aiokafka aiosmtplib anthropic asyncio.open_connection "
        "asyncio.open_unix_connection asyncio.start_server asyncio.start_unix_server boto3 "
        "botocore chromadb cognee cohere confluent_kafka dns elasticsearch ftplib google.cloud "
        "google.genai google.generativeai groq grpc h2 http.client http.server httpcore httplib2 "
        "httpx huggingface_hub imaplib kafka kubernetes letta letta_client litellm "
        "logging.handlers.DatagramHandler logging.handlers.HTTPHandler "
        "logging.handlers.SMTPHandler logging.handlers.SocketHandler "
        "logging.handlers.SysLogHandler mem0 mistralai nats nntplib openai paho paramiko pika "
        "pinecone poplib pycurl qdrant_client redis requests sentry_sdk slack_sdk smtplib socket "
        "socketserver ssl stripe telnetlib tornado twilio twisted urllib.request urllib3 weaviate "
        "websocket websockets xmlrpc zep_cloud zep_python zmq"
    ),
    "process": _words(
        "asyncio.create_subprocess_exec asyncio.create_subprocess_shell "
        "concurrent.futures.ProcessPoolExecutor fabric invoke multiprocessing pexpect plumbum "
        "_posixsubprocess _winapi psutil pty sh subprocess webbrowser"
    ),
    "files": _words(
        "_io.open aiofiles builtins.open bz2.open codecs.open fileinput glob gzip.open "
        "io.FileIO io.open linecache logging.FileHandler logging.handlers.RotatingFileHandler "
        "logging.handlers.TimedRotatingFileHandler logging.handlers.WatchedFileHandler lzma.open "
        "os.path.getmtime "
        "os.path.getsize pathlib.Path.open shutil tarfile tempfile zipfile"
    ),
    "environment": _words("dotenv environs"),
    "native code": _words("_ctypes cffi ctypes mmap pyodbc"),
    "dynamic code": _words(
        "_frozen_importlib _frozen_importlib_external _imp _marshal _pickle "
        "builtins.__import__ builtins.compile builtins.eval builtins.exec cloudpickle code codeop "
        "dill imp importlib.__import__ importlib.import_module importlib.machinery "
        "importlib.reload importlib.util joblib jsonpickle marshal pickle pkgutil runpy shelve "
        "types.CodeType types.FunctionType zipimport"
    ),
    "threads": _words(
        "_thread asyncio.run_coroutine_threadsafe asyncio.to_thread atexit "
        "concurrent.futures.ThreadPoolExecutor sched signal threading"
    ),
    "monkeypatching": _words(
        "forbiddenfruit gc inspect.currentframe inspect.stack sys._current_frames sys._getframe "
        "sys.addaudithook sys.meta_path sys.modules sys.path sys.path_hooks "
        "sys.path_importer_cache sys.setprofile sys.settrace unittest.mock wrapt"
    ),
    "databases": _words(
        "aiomysql aiosqlite asyncpg dbm duckdb lmdb motor MySQLdb neo4j peewee plyvel psycopg "
        "psycopg2 pymongo pymssql pymysql sqlalchemy sqlite3"
    ),
}
_METHODS: dict[str, frozenset[str]] = {
    "network": _words(
        "create_connection create_datagram_endpoint create_unix_connection create_unix_server "
        "sock_connect"
    ),
    "process": _words("execv execve popen spawnv subprocess_exec subprocess_shell"),
    "threads": _words("run_in_executor"),
    "files": _words(
        "hardlink_to iterdir read_bytes read_text rglob rmdir symlink_to touch unlink write_bytes "
        "write_text"
    ),
    "host internals": _words("_capabilities _core_apis _core_handlers _handlers"),
    "monkeypatching": _words("__bases__ __class__ __code__ __globals__ __subclasses__"),
}
_STORED_ONLY = _words("__class__")
# What is for the node itself, of all that stigmem_node.plugins has.
_OF_THE_NODE = _words(
    "HookRegistry allow_unsigned_development_override discover_plugin_manifests discovery "
    "get_registry lifecycle register_core_handler register_discovered_plugins registry "
    "set_registry signing"
)


def _index() -> Mapping[str, Authority]:
    found: dict[str, Authority] = {}
    for authority in get_args(Authority):
        for each in _MODULES.get(authority, ()):
            found[each] = authority
        for each in _OF_OS.get(authority, ()):
            found |= {f"{module}.{each}": authority for module in ("os", "posix", "nt")}
    return found


_BY_NAME = _index()
_BY_METHOD: Mapping[str, Authority] = {
    method: authority for authority in get_args(Authority) for method in _METHODS.get(authority, ())
}

_HEAVY = frozenset(DOES) - {"environment", "host internals"}


def authorities(
    code: Code, place: str, uses: Iterable[Use], own: Container[str]
) -> Iterator[Observation]:
    """Yield what one source file reaches by itself, and which of it the import already does.

    ``own`` are the top-level names of the release, whose own code it may change.
    """
    for use in uses:
        known = reached(use, own)
        if known is None:
            continue
        authority, by = known
        at = code.at(place, use.line)
        says = f"it {DOES[authority]} ({by})"
        yield Observation("authority", f"{authority}: {by}", says, authority, at)
        acts = use.called or (use.stored and authority == "monkeypatching")
        if use.early and acts and authority in _HEAVY:
            yield Observation("early-effect", f"{authority}: {by}", says, authority, at)


def host_imports(code: Code, place: str, imports: Iterable[Import]) -> Iterator[Observation]:
    """Yield the parts of the host that one source file imports and that are not for plugins."""
    for each in imports:
        if part := _host_part(f"{each.module}.{each.name}".rstrip(".")):
            says = f"it {DOES['host internals']} ({part})"
            at = code.at(place, each.line)
            yield Observation("authority", f"host internals: {part}", says, "host internals", at)


def _host_part(dotted: str) -> str:
    """Return the part of the host that a dotted name leads to, unless it is for plugins."""
    match dotted.split("."):
        case ["stigmem_node", "plugins", *rest]:
            return f"stigmem_node.plugins.{rest[0]}" if _OF_THE_NODE & {*rest[:2]} else ""
        case ["stigmem_node", part, *_]:
            return f"stigmem_node.{part}"
        case _:
            return ""


def reached(use: Use, own: Container[str] = ()) -> tuple[Authority, str] | None:
    """Return which authority a use reaches, and the name it is recognised by."""
    name, _, last = use.dotted.rpartition(".")
    if use.dotted.startswith("?."):
        if last in _STORED_ONLY and not use.stored:
            return None
        known = _BY_METHOD.get(last)
        return (known, f".{last}") if known else None
    mine = use.dotted.startswith(".") or use.dotted.partition(".")[0] in own
    if use.stored and name and not mine:
        if use.dotted.startswith("os.environ"):
            return "environment", "os.environ"
        what = f"something computed in {name}" if last == COMPUTED else use.dotted
        return "monkeypatching", f"assigning {what}"
    if last in (COMPUTED, HANDED_ON):
        if mine:
            return None
        what = "something computed in" if last == COMPUTED else "handing on"
        return "dynamic code", f"{what} {name}"
    if part := _host_part(use.dotted):
        return "host internals", part
    name = use.dotted
    while name:
        if known := _BY_NAME.get(name):
            return known, name
        name = name.rpartition(".")[0]
    known = _BY_METHOD.get(last) if "." in use.dotted and last not in _STORED_ONLY else None
    return (known, f".{last}") if known else None
