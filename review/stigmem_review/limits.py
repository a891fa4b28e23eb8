"""Every limit on what is read, in one place, in bytes or counts.

They bound time and memory whatever a release contains. Each stands far above what released
plugins need and is named in the error that reports it.
"""

from __future__ import annotations

MIB = 1024 * 1024

ARCHIVE_BYTES = 64 * MIB
"""A wheel or sdist as it is stored."""

ENTRY_BYTES = 50 * MIB
"""One file, unpacked."""

TOTAL_BYTES = 256 * MIB
"""All files of a release, unpacked."""

ENTRIES = 20_000
"""Files and directories in a release."""

RATIO = 200
"""Unpacked to packed, for an entry (or a whole tar stream) over ``RATIO_BYTES`` unpacked."""

RATIO_BYTES = 8 * MIB
"""What may be packed however well; libraries that were padded by a linker are, at 224 to 1."""

LISTED = 200_000
"""Files and directories of a project that are listed to find those that ship; 1 s and 60 MB."""

PATH_CHARS = 1024
"""One path in an archive."""

TAR_HEADER_BYTES = 64 * 1024
"""One extended (PAX or GNU) header of a tar member."""

METADATA_BYTES = MIB
"""The headers of one metadata file, or a wheel's list of tags or entry points."""

RECORD_BYTES = 4 * MIB
"""A wheel's RECORD: 200 bytes for each of 20,000 files."""

CAPTURE_BYTES = 4 * MIB
"""A capture written by ``stigmem plugins describe --json``."""

INDEX_PAGE_BYTES = 32 * MIB
"""One project page of a package index."""

INDEX_SECONDS = 30
"""How long an index may be silent before it counts as unreachable."""

INDEX_TOTAL_SECONDS = 300
"""How long one download may take altogether, beside what ``INDEX_RATE`` adds."""

INDEX_RETRIES = 3
"""How often an index is asked once more that says it cannot answer just now."""

INDEX_BACKOFF_SECONDS = 0.5
"""How long it is left alone before that, doubled each time, unless it says a longer time."""

INDEX_WAIT_SECONDS = 30
"""The longest time that an index may ask to be left alone for."""

CHANGE_SECONDS = 300
"""How long all releases of one change may take that come from an index."""

INDEX_RATE = 2 * MIB
"""Bytes received for which a download may take a second longer."""

DOWNLOAD_BYTES = 4096 * MIB
"""One file of an index that is kept on disk; what may be a plugin has ``ARCHIVE_BYTES``."""

RANGED_TAIL_BYTES = 64 * 1024
"""The end of a wheel that is fetched first; it has all that is asked for of 4 in 5."""

RANGED_AHEAD_BYTES = 4096
"""What is fetched at least of a wheel that is read in pieces; an entry with its header."""

PIECES_AT_ONCE = 6
"""Wheels of one release that are read in pieces side by side."""

RANGED_BYTES = 8 * MIB
"""What is read of one wheel in pieces; with more to read, all of it is fetched."""

SPOOLED_BYTES = 8 * MIB
"""Bytes of a download that are kept in memory; more of them go to a temporary file."""

PEEKED_HEADERS = 500_000
"""Headers of zip entries that are looked at before anything is read; the largest have 50,000."""

PEEKED_NAMES_BYTES = 64 * MIB
"""All names in those headers."""

PEEKED_TABLES = 200
"""Files named like a table of entry points; setuptools, which brings others along, has 10."""

PEEKED_BYTES = 8192 * MIB
"""What a sdist may unpack to while one word is looked for in it; 20 s."""

SOURCE_BYTES = 256 * 1024
"""One Python source file that is parsed; 1 MiB of list literal took CPython 510 MB."""

FORMATTED_PARTS = 15_000
"""Opening braces in a source file with strings that they are filled in; CPython before 3.12 looks
for each part of such a string from its beginning, so that 80,000 in one took it 7 s."""

COMPILED_BYTES = 64 * 1024
"""One Python source file that is compiled to see whether it can be, and the nodes that compiling
writes, with every copy of a ``finally``; a hostile file of this size takes 1 s."""

SOURCES_BYTES = 2 * MIB
"""All Python source files that are parsed for one manifest; 10 s if all of it is hostile."""

DATA_BYTES = 256 * 1024
"""One JSON or TOML file that a factory reads."""

OBSERVED_BYTES = 9 * MIB // 8
"""All Python source files of a release that are looked through for what they do; 1 s if ordinary,
2.5 s if all of it is hostile, so that two releases take no more than 5 s."""

FOLLOWED_BYTES = OBSERVED_BYTES
"""All Python source files of a release whose definitions are compared one by one; above it, whole
files are."""

UNPACKED_BYTES = 32 * MIB
"""What is unpacked and decoded of a release's compressed files and encoded texts, all together."""

ENCODED_BYTES = MIB
"""The beginning of a file of text that is looked through for encoded code."""

KEPT_BYTES = 512 * 1024
"""Source whose trees are kept for the second release; 1 MiB of list literal takes 500 MB."""

REMEMBERED_BYTES = 256 * 1024
"""All files of a wheel that is kept, as it was read, for the next review of the process."""

REMEMBERED_SQL = 64 * 1024
"""Scripts of one database for which what became of them is kept, in characters."""

REMEMBERED = 16
"""Wheels, and runs of scripts, that are kept so."""

MODULES = 1_000
"""Modules of a distribution that are followed from its entry point."""

EVALUATION_DEPTH = 100
"""Expressions within expressions, and names that stand for names."""

TEXT_CHARS = 100_000
"""Text put together while reading one manifest."""

PIN_FILES = 200
"""Files that one requirements file may include, itself among them."""

PIN_FILE_BYTES = 4 * MIB
"""One requirements file, constraints file or lock file; 40,000 hashes fit in it."""

GIT_SECONDS = 60
"""How long one run of git may take."""

AT_HAND_BYTES = 64 * MIB
"""Files of a repository that are held in memory because several steps read them."""

GIT_LIST_BYTES = 64 * MIB
"""What git may write but for the contents of files; 80,000 paths of Linux take 8 MiB."""

SIGNATURE_BYTES = 256 * 1024
"""One bundle, attestation or provenance file; 1 MiB of hostile log entries took 0.95 GB."""

PROVENANCES = 8
"""Addresses at which indexes give what signs one file; each is fetched and verified."""

FOLDER_ENTRIES = 2_000
"""Names in the folder of a file, up to which the other files of its release are looked for."""

TRUST_ROOT_BYTES = MIB
"""One trust root; the public-good instance's has 7 KB."""

SIGNATURE_VALUES = 5_000
"""Values in one signature file; for 5,000 that it refuses, the library takes 27 MB and 0.15 s."""

ATTESTATIONS = 20
"""Attestations in one provenance file."""

RULE_BYTES = MIB
"""One file of a rule with its examples; the largest of ours has 5 KB."""

RULE_DEPTH = 100
"""How deep a condition or a message of a rule is nested; the deepest of ours has 9 levels."""

POLICY_BYTES = 256 * 1024
"""One policy; an entry for a signer takes less than 1 KB."""

APPROVALS_BYTES = 4 * MIB
"""One file of approvals; a record with ten findings takes 3 KB."""

APPROVALS_SECONDS = 30
"""How long another approval that is being written is waited for."""

RECEIPT_BYTES = 16 * MIB
"""One file of receipts; the digests of 20,000 installed files take 3 MB."""

REPORT_BYTES = 64 * MIB
"""One report as JSON."""

SHARD_BYTES = 3 * REPORT_BYTES
"""The report of a shard, which has what it found twice: to be read, and to be merged."""

ENV_FILE_BYTES = 256 * 1024
"""One env file with a node's settings; all that a node has take less than 20 KB."""

WRITTEN_FILE_BYTES = SOURCE_BYTES
"""One file of text that is kept until a report has shown lines of it."""

ALIKE_BYTES = 512 * 1024
"""Python source files of two releases of one version that are held against each other by what they
say; beyond it, by their bytes. A hostile MiB takes 2 s."""

WRITTEN_BYTES = 2 * MIB
"""All files of text of a release that are kept until a report has shown lines of them."""

HELD_LINES = 200_000
"""Lines of both releases that are held together to find those that findings are about; 0.3 s."""

SHOWN_CHARS = 300
"""Of one line of a file that a report shows."""

EVIDENCE_LINES = 60
"""Lines that one finding shows, in every format together; people see fewer."""

DIFF_LINES = 20_000
"""Lines that a whole source diff shows; nobody reads more at once."""

EVIDENCES = 500
"""Findings that show lines."""

MIGRATION_BYTES = MIB
"""The SQL of one migration that is compiled."""

MIGRATION_STATEMENTS = 2_000
"""Statements of all migrations on one database that are compiled."""

LEDGER_BYTES = 256 * MIB
"""An export of the node's ledger of migrations, or the database that it is in."""

LEDGER_ROWS = 20_000
"""Migrations in a ledger; released plugins have two or three each."""
