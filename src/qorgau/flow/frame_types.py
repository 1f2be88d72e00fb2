"""The library types that are tables, columns and expressions, by their dotted names."""

from __future__ import annotations

TABLE = "frame-table"
"""The kind of an object that is a table."""

OPEN = "open"
"""Marks a table that has columns nobody has named."""

TABLES = frozenset(
    (
        "pandas.DataFrame",
        "geopandas.GeoDataFrame",
        "dask.dataframe.DataFrame",
        "polars.DataFrame",
        "polars.LazyFrame",
        "pyarrow.Table",
        "pyspark.sql.DataFrame",
    )
)
COLUMNS = frozenset(("pandas.Series", "pandas.Index", "polars.Series"))
EXPRESSIONS = frozenset(
    ("polars.Expr", "polars.expr.whenthen.When", "polars.expr.whenthen.Then", "pyspark.sql.Column")
)
GROUPS = frozenset(
    (
        "pandas.api.typing.DataFrameGroupBy",
        "pandas.api.typing.SeriesGroupBy",
        "polars.dataframe.group_by.GroupBy",
        "pyspark.sql.GroupedData",
    )
)
TEXTS = frozenset(
    (
        "pandas.Series.str",
        "pandas.Series.dt",
        "polars.Series.str",
        "polars.Series.dt",
        "polars.Expr.str",
        "polars.Expr.dt",
    )
)
"""Accessors of the methods of texts and dates."""

INDEXERS = frozenset(("loc", "iloc", "at", "iat"))
ROW = "$frame-row"
"""Marks a dict that is a row of a table: its columns are attributes too, and it iterates over its values."""
