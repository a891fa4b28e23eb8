"""The catalogue of APIs judges every public name of Python and of what a node installs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from stigmem_review.host import apis
from stigmem_review.model import Authority

RECORDED = {
    module: " ".join(lines).split()
    for module, lines in json.loads(Path(__file__).with_name("names.json").read_text()).items()
}
"""Functions and classes of every module, from ``record_apis.py``."""


def verdict(name: str) -> str:
    judged = apis.judged(name)
    return judged[0] if judged else ""


def acts(name: str) -> str:
    called = apis.called(name)
    return called[0] if called else ""


def test_every_module_is_judged() -> None:
    assert [module for module in RECORDED if not verdict(module)] == []


def test_every_name_of_a_module_that_acts_is_judged() -> None:
    unjudged = [
        f"{module}.{name}"
        for module, names in RECORDED.items()
        for name in names
        if not verdict(f"{module}.{name}")
    ]
    assert unjudged == []


def test_nothing_acts_in_a_module_of_which_nothing_acts() -> None:
    quiet = [module for module in RECORDED if verdict(module) == "nothing"]
    loud = [f"{m}.{name}" for m in quiet for name in RECORDED[m] if acts(f"{m}.{name}")]
    assert loud == []


def test_what_is_plain_is_recorded_for_every_module_that_acts_as_a_rule() -> None:
    plain = json.loads(apis.PLAIN_FILE.read_text())
    acting = {each for each in RECORDED if verdict(each) in get_args(Authority)}
    assert set(plain) == acting


NOTHING = """
socket.timeout socket.gaierror socket.AF_INET socket.SOCK_STREAM.name socket.gethostname
ssl.CERT_NONE ssl.Purpose.CLIENT_AUTH ssl.SSLError sqlite3.Row sqlite3.PARSE_DECLTYPES
subprocess.CalledProcessError subprocess.TimeoutExpired subprocess.PIPE urllib.error.URLError
http.client.HTTPException http.client.responses.get smtplib.SMTPException httpx.URL httpx.codes.OK
httpx.HTTPStatusError httpx.Timeout httpx.Request httpx.Response multiprocessing.cpu_count
multiprocessing.TimeoutError ctypes.c_int ctypes.Structure threading.Lock threading.RLock
threading.Event threading.Condition threading.local threading.current_thread().name queue.Queue
queue.Queue().put asyncio.Lock asyncio.gather asyncio.run asyncio.sleep pickle.dumps
pickle.PicklingError importlib.util.find_spec importlib.metadata.version select.select
selectors.DefaultSelector().select os.getpid os.cpu_count os.path.exists os.path.join os.fspath
os.urandom pathlib.Path pathlib.Path().exists sys.exit signal.Signals.SIGTERM io.StringIO
logging.getLogger().info gzip.compress zipfile.BadZipFile tempfile.gettempdir shutil.which
shutil.SameFileError yaml.safe_load yaml.dump anyio.sleep anyio.create_task_group click.echo
click.option uvicorn.logging.DefaultFormatter jinja2.Undefined jinja2.nodes.Template sqlalchemy.text
sqlalchemy.select sqlalchemy.Column sqlalchemy.orm.relationship pydantic.AfterValidator
starlette.responses.JSONResponse fastapi.Depends platform.system
"""
ACTS = {
    "network": """
        socket.socket().connect ssl.get_server_certificate http.server.HTTPServer ftplib.FTP
        imaplib.IMAP4_SSL smtplib.SMTP().sendmail wsgiref.simple_server.make_server syslog.syslog
        asyncio.StreamWriter().write asyncio.get_running_loop().create_server
        asyncio.streams.open_connection httpx.Client().post xmlrpc.client.ServerProxy
        anyio.connect_tcp anyio.abc.SocketStream().send uvicorn.Server uvicorn.run
    """,
    "process": """
        subprocess.run os.system posix.fork multiprocessing.Process multiprocessing.pool.Pool
        os.waitpid asyncio.subprocess.create_subprocess_exec anyio.run_process click.edit
        watchfiles.run_process signal.pidfd_send_signal
    """,
    "files": """
        os.writev os.dup2 os.memfd_create os.path.getsize netrc.netrc gzip.open lzma.LZMAFile
        tokenize.open shutil.copy pathlib.Path().open pathlib.Path().write_text mimetypes.init
        xml.etree.ElementTree.parse logging.handlers.RotatingFileHandler compression.zstd.open
        getpass.getpass click.File anyio.Path().write_text
        importlib.resources.files().joinpath().read_text
    """,
    "dynamic code": """
        timeit.timeit timeit.Timer().timeit cProfile.run cProfile.Profile().run profile.run pdb.run
        pdb.Pdb bdb.Bdb().run trace.Trace().run code.interact code.InteractiveConsole
        doctest.testmod doctest.run_docstring_examples logging.config.listen
        logging.config.dictConfig runpy.run_path builtins.breakpoint sys.remote_exec
        concurrent.interpreters.create jinja2.Template yaml.unsafe_load yaml.loader.UnsafeLoader
        importlib.util.find_spec().loader.exec_module unittest.main
    """,
    "threads": """
        threading.Thread threading.Timer atexit.register signal.signal sched.scheduler
        asyncio.tasks.run_coroutine_threadsafe anyio.to_thread.run_sync
        logging.handlers.QueueListener concurrent.futures.InterpreterPoolExecutor
    """,
    "native code": "ctypes.CDLL ctypes.cdll.LoadLibrary ctypes.c_int.from_address mmap.mmap",
    "databases": """
        sqlite3.connect sqlite3.dbapi2.connect dbm.open sqlalchemy.create_engine
        sqlalchemy.Engine().connect sqlalchemy.orm.Session().execute
    """,
    "environment": """
        os.getenv os.path.expandvars dotenv.load_dotenv pydantic_settings.BaseSettings
    """,
    "monkeypatching": """
        gc.get_objects sys.settrace threading.setprofile unittest.mock.patch sys.path.append
        sys.modules.pop inspect.stack
    """,
}


@pytest.mark.parametrize(("authority", "names"), [("", NOTHING), *ACTS.items()])
def test_what_a_call_acts_on(authority: str, names: str) -> None:
    assert {each: acts(each) for each in names.split()} == dict.fromkeys(names.split(), authority)
