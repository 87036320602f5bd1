"""How figures are told: a table, a file of JSON, and a section of bench/RESULTS.md. Each program owns a section of its own."""

import dataclasses
import datetime
import functools
import json
import os
import pathlib
import platform
import subprocess

RESULTS = pathlib.Path(__file__).resolve().parents[1] / "RESULTS.md"
HEAD = """# Results

Each section is written by the command that stands above it and replaced when that runs again. How a figure is measured:
`bench/figures/`. Ratios are of pairs measured one after the other, so that what else the machine does hits both.
"""


def machine():
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} × {cpu}, {platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}"


@functools.cache
def version():
    """The commit that is measured: programs ask before they begin, since the work tree may go on meanwhile."""
    done = subprocess.run(["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=RESULTS.parent, capture_output=True, text=True)
    return done.stdout.strip() or "no commit"


def refuse_part(parser, arguments, figures):
    """A section holds what one run of its command found: all of it."""
    if arguments.write and arguments.figure and set(arguments.figure) != set(figures):
        parser.error("--write replaces the whole section: leave the figures' names out, or --write")


def number(value):
    """As many digits as say something."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:,.1f}" if size >= 10 else f"{value:,.2f}"


def spread(values):
    return f"{number(min(values))}–{number(max(values))}"


def table(heads):
    return [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]


def table_row(cells):
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def write_json(path, command, runs, rows, failures):
    """`rows` are dataclasses."""
    found = {"command": command, "date": str(datetime.date.today()), "commit": version(), "machine": machine(), "runs": runs,
             "figures": [dataclasses.asdict(row) for row in rows], "failed": failures}
    pathlib.Path(path).write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


def write_section(name, title, command, runs, lines, file=RESULTS):
    """Puts the section `name` between its markers, in its place or at the end; the rest of the file stays as it is."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = file.read_text() if file.exists() else HEAD
    section = "\n".join([begin, f"## {title}", "", f"`{command}` on {datetime.date.today()}, commit {version()}; {machine()}. Medians of {runs} runs.", "",
                         *lines, end])
    if begin in text and end in text:
        before, rest = text.split(begin, 1)
        text = before + section + rest.split(end, 1)[1]
    else:
        text = text.rstrip("\n") + "\n\n" + section + "\n"
    file.write_text(text)
