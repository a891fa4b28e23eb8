"""Where a call of an API leads: which of its arguments say it, and what of it is delicate.

Names are those of ``host.apis``, by their last part where that is enough. What is not listed leads
to where its first argument says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from stigmem_review.patterns import late


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UNKNOWN = "{}"
"""A part of a text that nobody knows."""
OWN = "{here}/"
"""Begins the path of what is installed with the release."""
TEMPORARY = "{temporary}"
"""Begins the path of what was made for a while."""

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "asyncio.create_subprocess_exec": ("0", "1", "2", "3", "program"),
    "connect_ex": ("0",),
    "create_connection": ("1", "host"),
    "os.link": ("0", "1"),
    "os.rename": ("0", "1"),
    "os.replace": ("0", "1"),
    "os.spawnl": ("1",),
    "os.spawnv": ("1",),
    "os.symlink": ("0", "1"),
    "pathlib.Path.rename": ("self", "0"),
    "pathlib.Path.replace": ("self", "0"),
    "request": ("1", "url"),
    "send_message": ("2", "to_addrs"),
    "sendmail": ("1", "to_addrs"),
    "sendto": ("1", "address"),
    "shutil.copy": ("0", "1"),
    "shutil.copy2": ("0", "1"),
    "shutil.copyfile": ("0", "1"),
    "shutil.copytree": ("0", "1"),
    "shutil.move": ("0", "1"),
    "socket.create_connection": ("0", "address"),
    "stream": ("1", "url"),
    "timeit.repeat": ("0", "1", "stmt", "setup"),
    "timeit.timeit": ("0", "1", "stmt", "setup"),
}
"""The arguments that say where a call leads, by its whole name or by the last part of it."""
_NAMED = ("url", "base_url", "host", "hostname", "address", "addr", "endpoint", "endpoint_url",
          "uri", "dsn", "database", "server", "bootstrap_servers", "servers", "path", "file",
          "filename", "args", "command", "cmd", "program", "key", "source", "stmt")  # fmt: skip
"""The names that such an argument has where it is given by name."""
_LATER = _words("http.client.HTTPConnection http.client.HTTPSConnection xmlrpc.client.ServerProxy")
"""What is told an address when it is made, and opens nothing before it is asked to."""
_BASES = frozenset({"base_url"})
"""The names of arguments that say what addresses to come begin with."""
_THROUGH = ("proxy", "proxies")
"""The names of those that say who gets all of it besides."""

CHECKS = _words(
    "cert_reqs check_hostname ssl ssl_verify validate_certs verify verify_certs verify_mode "
    "verify_ssl"
)
"""The names of arguments, and attributes, that say whether it is made sure who answers."""
_OFF = _words("False CERT_NONE ssl.CERT_NONE")
_UNCHECKED = _words("ssl._create_stdlib_context ssl._create_unverified_context")
"""What makes connections that make sure of nothing."""

_TALKS = _words(
    "connect connect_ex create_connection create_datagram_endpoint delete download download_file "
    "endpoint getaddrinfo get head host open open_connection open_unix_connection options patch "
    "post publish put request retrieve send_bytes sendto sock_connect stream upload upload_file "
    "urlopen urlretrieve ws_connect connect_tcp connect_unix gethostbyname gethostbyaddr "
    "getnameinfo create_connected_udp_socket ServerProxy HTTPConnection HTTPSConnection SMTP "
    "SMTP_SSL FTP FTP_TLS IMAP4 IMAP4_SSL POP3 POP3_SSL Telnet sendmail send_message"
)
"""What talks to where its argument says, of what a library for the network has."""
_REQUESTS = _words(
    "delete get head options patch post put request retrieve stream urlopen urlretrieve"
)
"""What asks for an address, and returns what was answered."""
_LISTENS = _words(
    "bind create_server create_tcp_listener create_udp_socket create_unix_listener "
    "create_unix_server HTTPServer listen make_server run_app serve serve_forever "
    "SimpleXMLRPCServer start_http_server start_server start_unix_server StreamRequestHandler "
    "TCPServer ThreadingHTTPServer ThreadingTCPServer ThreadingUDPServer UDPServer "
    "UnixStreamServer ForkingTCPServer WSGIServer DocXMLRPCServer TCPSite UnixSite"
)
_SERVERS = _words("gunicorn http.server hypercorn socketserver uvicorn wsgiref.simple_server")

_WRITES = _words(
    "RotatingFileHandler TimedRotatingFileHandler WatchedFileHandler FileHandler chmod chown "
    "copy copy2 copy_file_range copyfile copyfileobj copymode copystat copytree fdopen hardlink_to "
    "lchown link make_archive makedirs mkdir mkfifo mknod move pwrite pwritev remove removedirs "
    "removexattr rename renames replace rmdir rmtree save savetxt savez sendfile setxattr symlink "
    "symlink_to touch truncate unlink unpack_archive utime write write_bytes write_text writev "
    "extract extractall chown writestr lockf flock compile_dir compile_file"
)
"""What writes, deletes or changes files, by the last part of its name."""
_OPENS = _words("open BZ2File GzipFile LZMAFile FileIO ZipFile TarFile memmap open_file open_code")
"""What reads or writes, as its mode says."""
_ARCHIVES = _words("PyZipFile TarFile ZipFile")
_INSIDE = _words("extractfile getinfo getmember open read writestr")
"""What an archive has whose argument is a name in it."""
_PACKS = _words("add write writepy")
"""What puts a file into an archive."""
_TEMPORARY = _words(
    "tempfile anyio.NamedTemporaryFile anyio.TemporaryDirectory anyio.TemporaryFile"
)
_CREDENTIALS = _words("keyring netrc getpass.getpass hvac")

_LOADS = _words(
    "builtins.__import__ entry_points.load imp _imp importlib.__import__ importlib.import_module "
    "importlib.machinery importlib.metadata.EntryPoint.load "
    "importlib.metadata.entry_points.load importlib.metadata.entry_points.select.load "
    "importlib.reload importlib.util jinja2.ModuleLoader logging.config pkgutil "
    "pydantic.ImportString unittest.TestLoader unittest.defaultTestLoader unittest.main "
    "uvicorn.importer zipimport _frozen_importlib _frozen_importlib_external"
)
"""What finds code by its name, which the source may not say."""

_SECRET_VARIABLE = late(
    r"(?:\A|_)(?:API_?KEYS?|APIKEY|AUTH|CREDENTIALS?|CREDS|DSN|KEY|PASS|PASSPHRASE|PASSWD|"
    r"PASSWORDS?|PRIVATE|PWD|SECRETS?|SIGNATURE|TOKENS?)(?:\Z|_)|PASSWORD|SECRET|TOKEN",
    re.IGNORECASE,
)
_NO_SECRET = _words("PWD OLDPWD SSH_AUTH_SOCK_DIR")
_SECRET_FILE = late(
    r"(?:\A|/)(?:\.ssh|\.aws|\.azure|\.gnupg|\.kube|\.docker|\.config/gcloud|\.oci|\.vault-token|"
    r"\.netrc|_netrc|\.pgpass|\.pypirc|\.npmrc|\.git-credentials|\.env|\.htpasswd|\.boto|\.s3cfg|"
    r"\.config/gh|shadow|id_(?:rsa|dsa|ecdsa|ed25519)|credentials?|token|secrets?|passwd\.db|"
    r"kubeconfig|application_default_credentials\.json)(?:\Z|/|\.(?:json|ya?ml|toml|ini|cfg|txt)\Z)"
    r"|(?:\A|/)proc/[^/]+/environ\Z|\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc)\Z"
    r"|(?:\A|/)\.env(?:\.\w+)?\Z",
    re.IGNORECASE,
)
_BASE = late(r"(\$\{\w+\}[^/?#]*)(?:[?#]|/(?!/))")
_OF_THE_NODE = late(r"(?:\A|/)stigmem(?:\.\w+)*\.(?:db|sqlite3?|env|toml)\Z|\A\$\{STIGMEM_")


def _below(dotted: str, names: frozenset[str]) -> bool:
    """Say whether something is among some names, or below one."""
    return any(dotted == each or dotted.startswith(f"{each}.") for each in names)


def arguments(api: str, given: Collection[str]) -> list[str]:
    """Return the arguments that say where a call leads, of those that it is given."""
    dotted = api.replace("()", "")
    through = [each for each in _THROUGH if each in given]
    for name in (dotted, dotted.rpartition(".")[2]):
        if name in _ARGUMENTS:
            return [*(each for each in _ARGUMENTS[name] if each in given), *through]
    return [*[each for each in ("self", "0", *_NAMED) if each in given][:1], *through]


def talks(api: str) -> bool:
    """Say whether what an object for the network has goes to where it is told."""
    owner, _, last = api.rpartition("()")
    if any(each.rpartition(".")[2] in _REQUESTS for each in owner.split("()")):
        return False
    return bool(owner) and last.count(".") == 1 and last[1:] in _TALKS


def opens_later(api: str, given: Collection[str]) -> bool:
    """Say whether a call makes what opens connections, and opens none itself.

    What is not told where to go opens none, unless its name says that it does.
    """
    last = api.rpartition(".")[2]
    told = {*arguments(api, given)} - _BASES - {*_THROUGH}
    return api in _LATER or not (told or last in _TALKS or last in _LISTENS)


def unchecked(api: str, given: Mapping[str, Collection[str]]) -> bool:
    """Say whether a call is told to talk to whoever answers; ``given`` are texts by argument.

    ``ssl`` says that in one library, and in others whether anything is encrypted at all.
    """
    if api in _UNCHECKED:
        return True
    names = CHECKS if api.startswith("aiohttp.") else CHECKS - {"ssl"}
    return any(not _OFF.isdisjoint(given[name]) for name in names if name in given)


def is_relative(api: str, text: str) -> bool:
    """Say whether a text leads on from where an object for the network was made for."""
    if "()" not in api or api.endswith(("connect", "connect_ex")) or text.startswith("//"):
        return False
    asks = api.rpartition(".")[2] in _REQUESTS
    return text.startswith("/") or (asks and "://" not in text and not text.startswith(UNKNOWN))


def is_content(api: str) -> bool:
    """Say whether what a call of an open file is given is content, and no path."""
    owner, _, last = api.rpartition("()")
    if _is_archive(owner):
        return last[1:] in _INSIDE
    return owner.rpartition(".")[2] in _OPENS


def _is_archive(made_by: str) -> bool:
    return made_by == "tarfile.open" or made_by.rpartition(".")[2] in _ARCHIVES


def loads(by: str) -> bool:
    """Say whether what is recognised by a name finds code by its name, and runs no text."""
    return by.startswith(("something computed", "handing on")) or _below(by, _LOADS)


def listens(api: str) -> bool:
    """Say whether a call opens a server."""
    dotted = api.replace("()", "")
    if dotted.rpartition(".")[2] in _LISTENS:
        return True
    return _below(dotted, _SERVERS)


def writes(api: str, modes: tuple[str, ...], *, told: bool) -> bool:
    """Say whether a call may write, delete or change files.

    ``modes`` are the modes that it is given, ``told`` whether those are all.
    """
    last = api.rpartition(".")[2]
    if last in _PACKS and _is_archive(api.rpartition("()")[0]):
        return False
    if last in _OPENS:
        return not told or any(set(each) & set("wax+") for each in modes)
    return last in _WRITES


def temporary(api: str) -> bool:
    """Say whether a call makes files or folders for a while."""
    return _below(api, _TEMPORARY)


def credentials(api: str) -> bool:
    """Say whether a call gives credentials."""
    return _below(api, _CREDENTIALS)


def is_secret_variable(name: str) -> bool:
    """Say whether a variable of the environment is named as a secret, or is the node's own."""
    if name in _NO_SECRET:
        return False
    return name.startswith("STIGMEM_") or _SECRET_VARIABLE.search(name) is not None


def is_secret_file(path: str) -> bool:
    """Say whether a file holds credentials, settings of the node or its database, by its path."""
    plain = path.replace("\\", "/")
    return bool(_SECRET_FILE.search(plain) or _OF_THE_NODE.search(plain))


def base_of(text: str) -> str:
    """Return the variable that an address begins with, or the address where it does not."""
    found = _BASE.match(text)
    return found[1] if found else text


def host_of(text: str) -> str:
    """Return what an address leads to: the host and its port, or the text as it is."""
    if "://" not in text:
        return text
    try:
        found = urlsplit(text.replace(UNKNOWN, "\x00"))
        netloc = found.netloc.rpartition("@")[2].replace("\x00", UNKNOWN)
    except ValueError:
        return text
    return netloc or text
