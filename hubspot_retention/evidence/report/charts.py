"""Column charts by month, drawn as SVG."""

from collections.abc import Sequence

import leather
from leather import theme

_WIDTH, _HEIGHT = 640, 210
_SHOWN = (26, 22, 588, 158)
"""What of it is drawn on: x, y, width, height. The rest is the margin that the library leaves."""
_COLOUR = "#2b5d7d"
_LABEL_SIZE = 9
"""The labels of thirteen months stand side by side."""
_FONT = "Helvetica, Arial, 'Libertinus Serif', sans-serif"


def columns(months: Sequence[tuple[str, int]], highest: int = 0) -> str:
    """A chart of one column a month; `highest` is the top of its scale, else the greatest of the figures."""
    chart = leather.Chart()
    chart.add_y_scale(0, max(highest, 1, *(value for _, value in months)))
    chart.add_columns([(name, value) for name, value in months], fill_color=_COLOUR)
    drawn = str(chart.to_svg(width=_WIDTH, height=_HEIGHT))
    drawn = drawn.replace(theme.background_color, "#ffffff").replace(theme.label_color, "#444444")
    drawn = drawn.replace(f'font-size="{theme.tick_font_size}"', f'font-size="{_LABEL_SIZE}"')
    x, y, width, height = _SHOWN
    frame = f'width="{width}" height="{height}" viewBox="{x} {y} {width} {height}"'
    drawn = drawn.replace(f'width="{_WIDTH}" height="{_HEIGHT}"', frame, 1)
    return drawn[drawn.index("<svg") :].replace(theme.tick_font_family, _FONT)
