"""The library types that are tables, columns and expressions, by their dotted names."""

from __future__ import annotations

from qorgau.flow.heap import Obj

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

GUESSED = ("pandas.DataFrame", "polars.DataFrame", "pyspark.sql.DataFrame")
"""Whose table an object can be that is only used like one, in the order that is tried."""

TELLING = frozenset(
    (
        *(
            "to_csv",
            "to_excel",
            "to_parquet",
            "to_sql",
            "to_feather",
            "to_gbq",
            "to_hdf",
            "itertuples",
            "iterrows",
        ),
        *("sort_values", "drop_duplicates", "reset_index", "set_index", "write_csv", "write_parquet"),
        *("write_database", "write_excel", "write_delta", "with_columns", "withColumn", "withColumnRenamed"),
        "toPandas",
    )
)
"""Methods that only tables have: an unknown object on which one is called is a table."""

OWNER = "$table"
"""The part of an indexer (``table.loc``) that is its table."""

INDEXERS = frozenset(("loc", "iloc", "at", "iat"))
ROW = "$frame-row"
"""Marks a dict that is a row of a table: its columns are attributes too, and it iterates over its values."""

GROUP = "frame-groups"
"""The kind of the groups of a table."""

INDEXER = "frame-indexer"
"""The kind of ``table.loc`` and its like."""

CHOICE = "frame-choice"
"""The kind of what chooses columns by name (``table.columns.isin([...])``)."""

KINDS = frozenset((TABLE, GROUP, INDEXER))
WRITTEN_BY_COLUMNS = frozenset(
    f"pandas.DataFrame.{name}" for name in ("to_csv", "to_excel", "to_string", "to_html", "to_latex")
)
"""Methods whose ``columns`` choose what is written."""

WRITTEN_WITH_INDEX = frozenset(
    f"pandas.{kind}.{name}"
    for kind in ("DataFrame", "Series")
    for name in (
        "to_csv",
        "to_excel",
        "to_html",
        "to_latex",
        "to_markdown",
        "to_parquet",
        "to_sql",
        "to_string",
    )
)
"""Methods whose ``index=False`` leaves out the index."""

TYPES = TABLES | COLUMNS | EXPRESSIONS | TEXTS


def is_tabular(obj: Obj | None) -> bool:
    """Whether an object is a table or a part of one, of which the core of the engine asks ``frame_hooks``."""
    if obj is None or obj.cls is not None:
        return False
    return obj.kind in KINDS or obj.type in TYPES or (obj.kind == "dict" and ROW in obj.parts)
