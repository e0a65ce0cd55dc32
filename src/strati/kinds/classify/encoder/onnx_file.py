"""A trained encoder as an ONNX file (opset 20), and its int8 form: weights of products and tables by channel."""

from __future__ import annotations

import logging
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from strati.core.errors import MissingExtra
from strati.kinds.classify.encoder.bert import EPSILON
from strati.kinds.classify.encoder.train import Trained

OPSET = 20


def need_onnx() -> None:
    """Raises `MissingExtra` where the package onnx is not installed: better said before a training than after it."""
    if find_spec("onnx") is None:
        raise MissingExtra("onnx", "train")


def as_onnx(trained: Trained, *, int8: bool = True) -> bytes:
    """The encoder from `input_ids` and `attention_mask` (int64, [B, T]) to `pooled` ([B, width], rows of length 1).

    Raises `MissingExtra` where the package onnx is not installed.
    """
    need_onnx()
    import onnx

    model = _Graph(trained).model()
    onnx.checker.check_model(model)
    plain = bytes(model.SerializeToString())
    return in_bytes(plain) if int8 else plain


def in_bytes(model: bytes) -> bytes:
    """The ONNX file with the weights of its products and tables as int8, by channel.

    Raises `MissingExtra` where the package onnx is not installed.
    """
    need_onnx()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        plain.write_bytes(model)
        logging.disable(logging.WARNING)  # it asks for a shape inference that changes nothing here
        try:
            quantize_dynamic(
                str(plain),
                str(small),
                op_types_to_quantize=["MatMul", "Gather"],
                per_channel=True,
                weight_type=QuantType.QInt8,
            )
        finally:
            logging.disable(logging.NOTSET)
        return small.read_bytes()


class _Graph:
    """The nodes of the encoder, one after the other."""

    def __init__(self, trained: Trained) -> None:
        self.trained = trained
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def model(self) -> Any:
        from onnx import TensorProto, helper

        trained, shape = self.trained, self.trained.shape
        self._constant("words", trained.tables["words"])
        self._constant("positions", trained.tables["positions"])
        for name, value in trained.body.items():
            self._constant(name, value)
        each = shape.width // shape.heads
        for name, number in {"zero": [0], "one": [1], "axis1": [1], "axis2": [2], "axes12": [1, 2]}.items():
            self._constant(name, np.array(number, dtype=np.int64))
        self._constant("split", np.array([0, 0, shape.heads, each], dtype=np.int64))
        self._constant("join", np.array([0, 0, shape.width], dtype=np.int64))
        self._constant("low", np.array(-1e9, dtype=np.float32))
        self._constant("ones", np.array(1.0, dtype=np.float32))
        self._constant("shrink", np.array(1 / np.sqrt(each), dtype=np.float32))
        self._constant("least", np.array(1e-12, dtype=np.float32))
        x = self._embedded()
        for layer in range(trained.layers):
            x = self._layer(x, layer)
        self._pool(x)
        whole = ["batch", "tokens"]
        graph = helper.make_graph(
            self.nodes,
            "encoder",
            [helper.make_tensor_value_info(n, TensorProto.INT64, whole) for n in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["batch", shape.width])],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)

    def _constant(self, name: str, value: Any) -> None:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))

    def _add(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def _embedded(self) -> str:
        self._add("Gather", ["words", "input_ids"], "word", axis=0)
        self._add("Shape", ["input_ids"], "length", start=1, end=2)
        self._add("Slice", ["positions", "zero", "length", "zero"], "place")
        self._add("Cast", ["attention_mask"], "mask", to=1)
        self._add("Sub", ["ones", "mask"], "absent")
        self._add("Mul", ["absent", "low"], "far")
        self._add("Unsqueeze", ["far", "axes12"], "bias")
        return self._normal(self._add("Add", ["word", "place"], "sum"), "n0")

    def _normal(self, x: str, name: str) -> str:
        return self._add("LayerNormalization", [x, f"{name}.w", f"{name}.b"], f"{name}.out", axis=-1, epsilon=EPSILON)

    def _dense(self, x: str, name: str) -> str:
        return self._add("Add", [self._add("MatMul", [x, f"{name}.w"], f"{name}.mul"), f"{name}.b"], f"{name}.out")

    def _layer(self, x: str, n: int) -> str:
        order = {"q": [0, 2, 1, 3], "k": [0, 2, 3, 1], "v": [0, 2, 1, 3]}
        q, k, v = (
            self._add(
                "Transpose",
                [self._add("Reshape", [self._dense(x, f"{n}.{part}"), "split"], f"{n}.{part}.split")],
                f"{n}.{part}.heads",
                perm=perm,
            )
            for part, perm in order.items()
        )
        scores = self._add("Mul", [self._add("MatMul", [q, k], f"{n}.near"), "shrink"], f"{n}.scaled")
        weights = self._add("Softmax", [self._add("Add", [scores, "bias"], f"{n}.seen")], f"{n}.weights", axis=-1)
        mixed = self._add(
            "Transpose", [self._add("MatMul", [weights, v], f"{n}.mixed")], f"{n}.back", perm=[0, 2, 1, 3]
        )
        joined = self._add("Reshape", [mixed, "join"], f"{n}.joined")
        x = self._normal(self._add("Add", [x, self._dense(joined, f"{n}.o")], f"{n}.first"), f"{n}.n1")
        inner = self._add("Gelu", [self._dense(x, f"{n}.up")], f"{n}.gelu")
        return self._normal(self._add("Add", [x, self._dense(inner, f"{n}.down")], f"{n}.second"), f"{n}.n2")

    def _pool(self, x: str) -> None:
        self._add("Unsqueeze", ["mask", "axis2"], "shown")
        self._add("ReduceSum", [self._add("Mul", [x, "shown"], "kept"), "axis1"], "total", keepdims=0)
        self._add("ReduceSum", ["mask", "axis1"], "count", keepdims=1)
        mean = self._add("Div", ["total", "count"], "mean")
        self._add("Max", [self._add("ReduceL2", [mean, "axis1"], "norm", keepdims=1), "least"], "safe")
        self._add("Div", [mean, "safe"], "pooled")
