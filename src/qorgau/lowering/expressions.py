"""Expressions: one function for each class of node, found by the table at the end.

Functions call each other through ``EXPRESSIONS[type(node)]`` directly and read
only the fields that mean something: this path must cost little beside the parse.
"""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from qorgau import ir
from qorgau.lowering.operators import ASSOCIATIVE, BINARY, BOOLEAN, COMPARISON, UNARY
from qorgau.lowering.scopes import Frame
from qorgau.lowering.state import Lowering, Place, Table
from qorgau.lowering.strings import string_value

LONG_CHAIN = 100
"""Operators in a row from which a chain is no longer nested from the left."""

DEEP_CHAIN = 300
"""Levels from which what is left of ``a.b().c()[d] + e`` becomes one ``Opaque``."""

_LARGEST_INTEGER = 2**64 - 1
_WORDS: dict[str, bool | None] = {"None": None, "True": True, "False": False}


def unknown_expression(low: Lowering, node: cst.CSTNode) -> ir.Expr:
    """Lower a construct this version doesn't know: its parts are kept, its value is unknown."""
    at = low.enter(node)
    parts = parts_of(low, node)
    low.depth -= 1
    return ir.Opaque(at, type(node).__name__, parts)


def parts_of(low: Lowering, node: cst.CSTNode) -> tuple[ir.Expr, ...]:
    """Lower the expressions nearest below a node of an unknown class, in order."""
    parts: list[ir.Expr] = []
    for child in node.children:
        if isinstance(child, cst.BaseExpression):
            parts.append(EXPRESSIONS[type(child)](low, child))
        else:
            parts.extend(parts_of(low, child))
    return tuple(parts)


EXPRESSIONS = Table(unknown_expression)


def name(low: Lowering, node: cst.Name) -> ir.Expr:
    places = low.places
    at = len(places)
    places.append(node)
    value = node.value
    if value in _WORDS:
        return ir.Const(at, _WORDS[value])
    if value[:2] == "__" and low.frame.kind == "class":
        value = low.frame.private(value)
    return ir.Name(at, value)


def ellipsis(low: Lowering, node: cst.Ellipsis) -> ir.Expr:
    return ir.Name(low.number(node), "Ellipsis")


def integer(low: Lowering, node: cst.Integer) -> ir.Expr:
    at = low.number(node)
    try:
        value = int(node.value, 0)
    except ValueError:
        # More digits than the interpreter is willing to convert.
        return ir.Opaque(at, "Integer", ())
    return ir.Const(at, value) if value <= _LARGEST_INTEGER else ir.Opaque(at, "Integer", ())


def floating(low: Lowering, node: cst.Float) -> ir.Expr:
    return ir.Const(low.number(node), float(node.value))


def imaginary(low: Lowering, node: cst.Imaginary) -> ir.Expr:
    return ir.Opaque(low.number(node), "Imaginary", ())


def string(low: Lowering, node: cst.SimpleString) -> ir.Expr:
    places = low.places
    places.append(node)
    return ir.Const(len(places) - 1, string_value(node.value))


def attribute(low: Lowering, node: cst.Attribute) -> ir.Expr:
    if low.depth >= DEEP_CHAIN:
        return flat_chain(low, node)
    at = low.enter(node)
    value = node.value
    attr = node.attr.value
    if attr[:2] == "__":
        attr = low.frame.private(attr)
    result = ir.Attribute(at, EXPRESSIONS[type(value)](low, value), attr)
    low.depth -= 1
    return result


def subscript(low: Lowering, node: cst.Subscript) -> ir.Expr:
    if low.depth >= DEEP_CHAIN:
        return flat_chain(low, node)
    at = low.enter(node)
    value = node.value
    result = ir.Subscript(at, EXPRESSIONS[type(value)](low, value), index(low, node.slice))
    low.depth -= 1
    return result


def index(low: Lowering, elements: Sequence[cst.SubscriptElement]) -> ir.Expr:
    """Lower what stands between the brackets of a subscript."""
    first = elements[0]
    if len(elements) == 1 and not isinstance(first.comma, cst.Comma) and not _is_starred(first.slice):
        return one_index(low, first.slice)
    at = low.enter((first, elements[-1]))
    indices = [one_index(low, element.slice) for element in elements]
    low.depth -= 1
    return ir.Sequence(at, "tuple", tuple(indices))


def _is_starred(node: cst.BaseSlice) -> bool:
    return isinstance(node, cst.Index) and bool(node.star)


def one_index(low: Lowering, node: cst.BaseSlice) -> ir.Expr:
    if isinstance(node, cst.Index):
        value = node.value
        if not node.star:
            return expression(low, value)
        at = low.enter(node)
        starred = ir.Starred(at, expression(low, value))
        low.depth -= 1
        return starred
    if not isinstance(node, cst.Slice):
        return unknown_expression(low, node)
    at = low.enter(node)
    lower = optional(low, node.lower)
    upper = optional(low, node.upper)
    step = optional(low, node.step)
    low.depth -= 1
    return ir.Slice(at, lower, upper, step)


def call(low: Lowering, node: cst.Call) -> ir.Expr:
    if low.depth >= DEEP_CHAIN:
        return flat_chain(low, node)
    at = low.enter(node)
    function = node.func
    lowered = EXPRESSIONS[type(function)](low, function)
    args = node.args
    result = ir.Call(at, lowered, arguments(low, node) if args else ())
    low.depth -= 1
    return result


def arguments(low: Lowering, node: cst.Call) -> tuple[ir.Argument, ...]:
    """Lower the arguments of a call."""
    lowered: list[ir.Argument] = []
    places = low.places
    for arg in node.args:
        value = arg.value
        at = len(places)
        result = EXPRESSIONS[type(value)](low, value)
        if type(value) is cst.GeneratorExp and not value.lpar:
            # A generator alone among the arguments has the call's parentheses for its own.
            places[at] = (node.whitespace_after_func, node)
        keyword = arg.keyword
        lowered.append(ir.Argument(result, keyword.value if keyword is not None else None, arg.star))
    return tuple(lowered)


def flat_chain(low: Lowering, node: cst.BaseExpression) -> ir.Expr:
    """Lower a chain of operators, attributes, calls and subscripts as an ``Opaque`` without depth."""
    at = low.enter(node)
    rights: list[cst.CSTNode] = []
    while True:
        if isinstance(node, cst.BinaryOperation):
            rights.append(node.right)
            node = node.left
        elif isinstance(node, cst.Call):
            rights.extend(arg.value for arg in reversed(node.args))
            node = node.func
        elif isinstance(node, cst.Attribute):
            node = node.value
        elif isinstance(node, cst.Subscript):
            rights.extend(element.slice for element in reversed(node.slice))
            node = node.value
        else:
            break
    parts = [expression(low, node)]
    for right in reversed(rights):
        parts.append(
            one_index(low, right)
            if isinstance(right, cst.BaseSlice)
            else EXPRESSIONS[type(right)](low, right)
        )
    low.depth -= 1
    return ir.Opaque(at, "Chain", tuple(parts))


def binary(low: Lowering, node: cst.BinaryOperation) -> ir.Expr:
    if low.depth >= DEEP_CHAIN:
        return flat_chain(low, node)
    operator = type(node.operator)
    if type(node.left) is cst.BinaryOperation and type(node.left.operator) is operator:
        spine = [node]
        left: cst.BaseExpression = node.left
        while type(left) is cst.BinaryOperation and type(left.operator) is operator:
            spine.append(left)
            left = left.left
        if len(spine) > LONG_CHAIN:
            return long_chain(low, spine)
    at = low.enter(node)
    left = node.left
    lowered = EXPRESSIONS[type(left)](low, left)
    right = node.right
    result = ir.Binary(at, BINARY[operator], lowered, EXPRESSIONS[type(right)](low, right))
    low.depth -= 1
    return result


def long_chain(low: Lowering, spine: list[cst.BinaryOperation]) -> ir.Expr:
    """Lower a long chain of one operator, outermost operation first.

    Where the grouping doesn't matter the chain becomes a balanced tree, so that
    its depth is the logarithm of its length; else it is flat and opaque.
    """
    op = BINARY[type(spine[0].operator)]
    at = low.enter(spine[0])
    numbers = [low.number(operation) for operation in spine[1:]] if op in ASSOCIATIVE else []
    depth = low.depth
    low.depth += len(spine).bit_length()
    innermost = spine[-1].left
    terms = [expression(low, innermost)]
    terms.extend(expression(low, operation.right) for operation in reversed(spine))
    low.depth = depth - 1
    if op not in ASSOCIATIVE:
        return ir.Opaque(at, "Chain", tuple(terms))
    return _balanced(op, terms, [at, *numbers])


def _balanced(op: str, terms: list[ir.Expr], numbers: list[int]) -> ir.Expr:
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    left = _balanced(op, terms[:middle], numbers[1:middle])
    return ir.Binary(numbers[0], op, left, _balanced(op, terms[middle:], numbers[middle:]))


def unary(low: Lowering, node: cst.UnaryOperation) -> ir.Expr:
    at = low.enter(node)
    operand = node.expression
    result = ir.Unary(at, UNARY[type(node.operator)], EXPRESSIONS[type(operand)](low, operand))
    low.depth -= 1
    return result


def boolean(low: Lowering, node: cst.BooleanOperation) -> ir.Expr:
    at = low.enter(node)
    operator = type(node.operator)
    operands = [node.right]
    left = node.left
    while type(left) is cst.BooleanOperation and type(left.operator) is operator and not left.lpar:
        operands.append(left.right)
        left = left.left
    operands.append(left)
    operands.reverse()
    lowered: list[ir.Expr] = []
    for operand in operands:
        lowered.append(EXPRESSIONS[type(operand)](low, operand))
    low.depth -= 1
    return ir.Boolean(at, BOOLEAN[operator], tuple(lowered))


def comparison(low: Lowering, node: cst.Comparison) -> ir.Expr:
    at = low.enter(node)
    left = node.left
    lowered = EXPRESSIONS[type(left)](low, left)
    ops: list[str] = []
    rights: list[ir.Expr] = []
    for target in node.comparisons:
        ops.append(COMPARISON[type(target.operator)])
        right = target.comparator
        rights.append(EXPRESSIONS[type(right)](low, right))
    low.depth -= 1
    return ir.Compare(at, lowered, tuple(ops), tuple(rights))


def conditional(low: Lowering, node: cst.IfExp) -> ir.Expr:
    at = low.enter(node)
    test = node.test
    body = node.body
    orelse = node.orelse
    lowered = EXPRESSIONS[type(test)](low, test)
    first = EXPRESSIONS[type(body)](low, body)
    result = ir.Conditional(at, lowered, first, EXPRESSIONS[type(orelse)](low, orelse))
    low.depth -= 1
    return result


def starred(low: Lowering, node: cst.StarredElement) -> ir.Expr:
    at = low.enter(node)
    result = ir.Starred(at, expression(low, node.value))
    low.depth -= 1
    return result


def elements(low: Lowering, nodes: Sequence[cst.BaseElement]) -> tuple[ir.Expr, ...]:
    """Lower the elements of a display."""
    lowered: list[ir.Expr] = []
    for element in nodes:
        part = element.value if type(element) is cst.Element else element
        lowered.append(EXPRESSIONS[type(part)](low, part))
    return tuple(lowered)


def outer_parentheses(node: cst.Tuple | cst.GeneratorExp) -> Place:
    """Return the place of a construct that the nearest parentheses are part of, as in ``ast``."""
    return (node.lpar[-1], node.rpar[0]) if node.lpar else node


def tuple_display(low: Lowering, node: cst.Tuple) -> ir.Expr:
    at = low.enter(outer_parentheses(node))
    result = ir.Sequence(at, "tuple", elements(low, node.elements))
    low.depth -= 1
    return result


def list_display(low: Lowering, node: cst.List) -> ir.Expr:
    at = low.enter(node)
    result = ir.Sequence(at, "list", elements(low, node.elements))
    low.depth -= 1
    return result


def set_display(low: Lowering, node: cst.Set) -> ir.Expr:
    at = low.enter(node)
    result = ir.Sequence(at, "set", elements(low, node.elements))
    low.depth -= 1
    return result


def dict_display(low: Lowering, node: cst.Dict) -> ir.Expr:
    at = low.enter(node)
    items: list[ir.DictItem] = []
    for element in node.elements:
        key = None
        if isinstance(element, cst.DictElement):
            key = EXPRESSIONS[type(element.key)](low, element.key)
        value = element.value
        items.append(ir.DictItem(key, EXPRESSIONS[type(value)](low, value)))
    low.depth -= 1
    return ir.Dict(at, tuple(items))


def list_comprehension(low: Lowering, node: cst.ListComp) -> ir.Expr:
    return comprehension(low, node, "list", "<listcomp>", None, node.elt, node.for_in)


def set_comprehension(low: Lowering, node: cst.SetComp) -> ir.Expr:
    return comprehension(low, node, "set", "<setcomp>", None, node.elt, node.for_in)


def generator(low: Lowering, node: cst.GeneratorExp) -> ir.Expr:
    place = outer_parentheses(node)
    return comprehension(low, place, "generator", "<genexpr>", None, node.elt, node.for_in)


def dict_comprehension(low: Lowering, node: cst.DictComp) -> ir.Expr:
    return comprehension(low, node, "dict", "<dictcomp>", node.key, node.value, node.for_in)


def merging_comprehension(low: Lowering, node: cst.StarredDictComp) -> ir.Expr:
    """``{**value for ...}`` (PEP 798): a comprehension of kind ``dict`` without a key."""
    return comprehension(low, node, "dict", "<dictcomp>", None, node.value, node.for_in)


def comprehension(
    low: Lowering,
    place: Place,
    kind: str,
    scope: str,
    key: cst.BaseExpression | None,
    element: cst.BaseExpression,
    for_in: cst.CompFor,
) -> ir.Expr:
    """Lower a comprehension; its first iterable belongs to the scope around it."""
    at = low.enter(place)
    outer = low.frame
    inner = Frame("comprehension", f"{outer.prefix}{scope}.", outer)
    clauses: list[ir.Clause] = []
    clause: cst.CompFor | None = for_in
    while clause is not None:
        iterable = expression(low, clause.iter)
        low.frame = inner
        bound = target(low, clause.target)
        tests = tuple([expression(low, condition.test) for condition in clause.ifs])
        clauses.append(ir.Clause(bound, iterable, tests, clause.asynchronous is not None))
        clause = clause.inner_for_in
    lowered_key = optional(low, key)
    lowered = expression(low, element)
    low.frame = outer
    low.depth -= 1
    return ir.Comprehension(at, kind, lowered_key, lowered, tuple(clauses))


def awaiting(low: Lowering, node: cst.Await) -> ir.Expr:
    at = low.enter(node)
    result = ir.Await(at, expression(low, node.expression))
    low.depth -= 1
    return result


def yielding(low: Lowering, node: cst.Yield) -> ir.Expr:
    at = low.enter(node)
    low.frame.beyond_comprehensions().is_generator = True
    value = node.value
    result: ir.Expr
    if isinstance(value, cst.From):
        result = ir.YieldFrom(at, expression(low, value.item))
    else:
        result = ir.Yield(at, optional(low, value))
    low.depth -= 1
    return result


def walrus(low: Lowering, node: cst.NamedExpr) -> ir.Expr:
    bound = node.target
    if not isinstance(bound, cst.Name):
        return unknown_expression(low, node)
    at = low.enter(node)
    low.frame.beyond_comprehensions().bound.add(bound.value)
    result = ir.Walrus(at, bound.value, expression(low, node.value))
    low.depth -= 1
    return result


def target(low: Lowering, node: cst.CSTNode) -> ir.Expr:
    """Lower what is assigned to or deleted; its plain names are bound in the scope."""
    if isinstance(node, cst.Name):
        bound = low.frame.private(node.value) if low.frame.kind == "class" else node.value
        low.frame.bound.add(bound)
        return ir.Name(low.number(node), bound)
    if isinstance(node, cst.StarredElement):
        at = low.enter(node)
        inner = target(low, node.value)
        low.depth -= 1
        return ir.Starred(at, inner)
    if isinstance(node, (cst.Tuple, cst.List)):
        is_tuple = isinstance(node, cst.Tuple)
        at = low.enter(outer_parentheses(node) if isinstance(node, cst.Tuple) else node)
        parts: list[ir.Expr] = []
        for element in node.elements:
            parts.append(target(low, element.value if type(element) is cst.Element else element))
        low.depth -= 1
        return ir.Sequence(at, "tuple" if is_tuple else "list", tuple(parts))
    result: ir.Expr = EXPRESSIONS[type(node)](low, node)
    return result


def expression(low: Lowering, node: cst.BaseExpression) -> ir.Expr:
    """Lower any expression that is read."""
    result: ir.Expr = EXPRESSIONS[type(node)](low, node)
    return result


def optional(low: Lowering, node: cst.BaseExpression | None) -> ir.Expr | None:
    """Lower an expression where there is one."""
    if node is None:
        return None
    result: ir.Expr = EXPRESSIONS[type(node)](low, node)
    return result


EXPRESSIONS.update(
    {
        cst.Attribute: attribute,
        cst.Await: awaiting,
        cst.BinaryOperation: binary,
        cst.BooleanOperation: boolean,
        cst.Call: call,
        cst.Comparison: comparison,
        cst.Dict: dict_display,
        cst.DictComp: dict_comprehension,
        cst.Ellipsis: ellipsis,
        cst.Float: floating,
        cst.GeneratorExp: generator,
        cst.IfExp: conditional,
        cst.Imaginary: imaginary,
        cst.Integer: integer,
        cst.List: list_display,
        cst.ListComp: list_comprehension,
        cst.Name: name,
        cst.NamedExpr: walrus,
        cst.Set: set_display,
        cst.SetComp: set_comprehension,
        cst.SimpleString: string,
        cst.StarredElement: starred,
        cst.Subscript: subscript,
        cst.Tuple: tuple_display,
        cst.UnaryOperation: unary,
        cst.Yield: yielding,
    }
)
if hasattr(cst, "StarredDictComp"):
    EXPRESSIONS[cst.StarredDictComp] = merging_comprehension
