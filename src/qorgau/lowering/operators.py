"""How operators are spelled, by the class of their node."""

from __future__ import annotations

import libcst as cst

BINARY: dict[type[cst.CSTNode], str] = {
    cst.Add: "+",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.LeftShift: "<<",
    cst.MatrixMultiply: "@",
    cst.Modulo: "%",
    cst.Multiply: "*",
    cst.Power: "**",
    cst.RightShift: ">>",
    cst.Subtract: "-",
}

ASSOCIATIVE = frozenset({"+", "*", "&", "|", "^"})
"""Operators of which a long chain may be grouped otherwise than from the left."""

AUGMENTED: dict[type[cst.CSTNode], str] = {
    cst.AddAssign: "+",
    cst.BitAndAssign: "&",
    cst.BitOrAssign: "|",
    cst.BitXorAssign: "^",
    cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//",
    cst.LeftShiftAssign: "<<",
    cst.MatrixMultiplyAssign: "@",
    cst.ModuloAssign: "%",
    cst.MultiplyAssign: "*",
    cst.PowerAssign: "**",
    cst.RightShiftAssign: ">>",
    cst.SubtractAssign: "-",
}

UNARY: dict[type[cst.CSTNode], str] = {cst.BitInvert: "~", cst.Minus: "-", cst.Not: "not", cst.Plus: "+"}

BOOLEAN: dict[type[cst.CSTNode], str] = {cst.And: "and", cst.Or: "or"}

COMPARISON: dict[type[cst.CSTNode], str] = {
    cst.Equal: "==",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.Is: "is",
    cst.IsNot: "is not",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.NotEqual: "!=",
    cst.NotIn: "not in",
}
