"""Curves as small SVG files. Text stays text, so that the files are small and can be searched."""

import pathlib

INK = ["#0b5394", "#b45f06", "#38761d", "#741b47"]
MARKS = ["o", "s", "^", "D"]


def available():
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def draw(path, title, panels, caption):
    """`panels`: dicts of title, x, y (labels with units) and curves: name → [(x, y)…]. All axes are logarithmic."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bsub-lite", "font.family": "sans-serif", "font.size": 10})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(panels), figsize=(5.2 * len(panels), 4.2), squeeze=False)
    for axis, panel in zip(axes[0], panels):
        draw_panel(axis, panel)
    figure.suptitle(title, fontsize=13)
    figure.text(0.5, 0.015, caption, ha="center", fontsize=7.5, color="#555555")
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)


def plain(value, _):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def draw_panel(axis, panel):
    values = []
    for i, (name, points) in enumerate(panel["curves"].items()):
        axis.plot(*zip(*points), color=INK[i % len(INK)], marker=MARKS[i % len(MARKS)], markersize=5, linewidth=1.6, label=name)
        values += [y for _, y in points]
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_ylim(min(values) / 5, max(values) * 5)  # so much room that flat looks flat, and steep steep
    axis.set_title(panel["title"], fontsize=10)
    axis.set_xlabel(panel["x"])
    axis.set_ylabel(panel["y"])
    axis.grid(True, which="major", color="#dddddd", linewidth=0.6)
    axis.minorticks_off()
    axis.xaxis.set_major_formatter(plain)
    axis.yaxis.set_major_formatter(plain)
    axis.legend(fontsize=8, frameon=False, loc="best")
