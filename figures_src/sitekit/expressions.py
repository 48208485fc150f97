"""Checks of claims: a comparison over figures' numbers, evaluated without eval.

vae/swap_matrix.outline_gain > 0.15 and abs(vae/swap_matrix.drift) < 3
"""

import ast
import operator
import re

from sitekit.errors import SiteError

REF = re.compile(r"[a-z][\w-]*/[\w-]+(?:/[\w-]+)*\.[A-Za-z_]\w*")  # division needs spaces: a / b
_BINARY = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALLS = {"abs": abs, "min": min, "max": max}


def references(expression):
    """The numbers ('vae/swap.psnr_self') that an expression names, in order, once each."""
    return list(dict.fromkeys(REF.findall(expression)))


def parse(expression):
    """The expression's syntax tree with names n0, n1, ... for its references; SiteError if it is no check."""
    names = references(expression)
    text = REF.sub(lambda m: f"n{names.index(m.group(0))}", expression)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise SiteError(f"the check does not parse: {expression}") from None
    if not names:
        raise SiteError(f"the check names no number of a figure, so it cannot fail: {expression}")
    if not isinstance(tree, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
        raise SiteError(f"the check compares nothing: {expression}")
    _walk(tree, {f"n{i}": 1.0 for i in range(len(names))}, expression, dry=True)
    return tree, names


def evaluate(expression, number):
    """(truth, {reference: value}) of a check; number(ref) gives the value of one reference."""
    tree, names = parse(expression)
    values = {ref: number(ref) for ref in names}
    truth = _walk(tree, {f"n{i}": values[ref] for i, ref in enumerate(names)}, expression)
    if not isinstance(truth, bool):
        raise SiteError(f"the check is not true or false: {expression}")
    return truth, values


def _walk(node, names, expression, dry=False):
    def walk(n):
        return _walk(n, names, expression, dry)

    try:
        match node:
            case ast.BoolOp(op=ast.And()):
                return min([_truth(walk(v), expression) for v in node.values])  # looks at every part
            case ast.BoolOp(op=ast.Or()):
                return max([_truth(walk(v), expression) for v in node.values])
            case ast.UnaryOp(op=ast.Not()):
                return not _truth(walk(node.operand), expression)
            case ast.UnaryOp(op=ast.USub()):
                return -walk(node.operand)
            case ast.BinOp() if type(node.op) in _BINARY:
                return _BINARY[type(node.op)](walk(node.left), walk(node.right))
            case ast.Compare() if all(type(op) in _COMPARE for op in node.ops):
                sides = [walk(side) for side in (node.left, *node.comparators)]
                if dry:
                    return True
                return all(_COMPARE[type(op)](a, b) for op, a, b in zip(node.ops, sides, sides[1:], strict=False))
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _CALLS and node.args:
                return _CALLS[name](*[walk(a) for a in node.args])
            case ast.Name() if node.id in names:
                return names[node.id]
            case ast.Constant() if isinstance(node.value, (int, float, str, bool)):
                return node.value
    except (TypeError, ZeroDivisionError) as problem:
        if dry:
            return 1.0
        raise SiteError(f"the check cannot be computed ({problem}): {expression}") from None
    raise SiteError(
        f"a check may not contain {ast.unparse(node)!r}; only numbers of figures, constants, + - * /, "
        f"comparisons, and/or/not, abs, min, max: {expression}"
    )


def _truth(value, expression):
    if not isinstance(value, bool):
        raise SiteError(f"the check joins something that is not a comparison: {expression}")
    return value
