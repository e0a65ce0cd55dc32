"""Verdicts to draw: every decision, few and many rungs, few and many labels, gaps, hostile texts."""

from __future__ import annotations

import copy
from typing import Any

Verdict = dict[str, Any]

SIMPLE = ["majority", "keyword rules", "n-grams", "n-grams + embeddings", "nearest neighbours"]
MODELS = ["SmolLM2-135M-Instruct", "Qwen2.5-Coder-0.5B-Instruct-Q8_0", "Qwen2.5-Coder-1.5B-Instruct-Q4_K_M"]
HOSTILE = (
    '<script>alert("1")</script> & \x1b[31mred\x1b[0m [bold]b[/bold] :smile: \u202egnp.exe\u2069 {{x}} \'"><img src=x>'
)
MINIMAL: Verdict = {
    "format": 1,
    "candidates": [{"name": "majority", "status": "measured"}],
    "choice": {"decision": "none"},
}


def candidate(name: str, quality: float | None, cost: float | None, **more: Any) -> Verdict:
    """A fully measured rung, changed by `more`."""
    llm = bool(more.get("uses_llm"))
    entry: Verdict = {
        "name": name,
        "layers": ["llm" if llm else "linear"],
        "status": "measured",
        "uses_llm": llm,
        "model": None,
        "quality": quality if quality is None else estimate(quality, 0.018),
        "other_metrics": []
        if quality is None
        else [{**estimate(max(0.002, quality - 0.03), 0.025, "BCa"), "metric": "macro_f1"}],
        "completion": 0.998 if llm else 1.0,
        "calibration": {"ece": 0.031, "brier": 0.104},
        "aurc": {
            "value": 0.021,
            "low": 0.015,
            "high": 0.03,
            "n": 1000,
            "method": "percentile bootstrap",
            "coverage": [0.1, 0.5, 1.0],
            "risk": [0.0, 0.01, 0.09],
        },
        "cost_per_1000": cost,
        "cost_parts": {"machine": cost, "paid": 0.0},
        "latency_ms": {"p50": (cost or 0) * 30_000, "p95": (cost or 0) * 36_000, "p99": 1.2, "cold": 3500.0, "n": 100},
        "seconds_per_answer": (cost or 0) * 36,
        "tokens_per_answer": {"in": 212.4, "cached": 164.0, "out": 3.0} if llm else {"in": 0, "cached": 0, "out": 0},
        "fit_seconds": 1.8,
        "memory_mb": 610.0 if llm else 212.0,
        "model_bytes": 531_068_096 if llm else 48_213,
        "licence": "Apache-2.0" if llm else "yours",
        "private": True,
        "failures": {"context_overflow": 2, "unusable_reply": 1} if llm else {},
        "repeats": {"n": 20, "flips": 2, "rate": 0.1, "low": 0.012, "high": 0.317, "first": 0.8, "second": 0.75}
        if llm
        else None,
        "settings": {"shots": 8, "letters": False} if llm else {"C": 4.0, "ngrams": [1, 2]},
        "forms": [
            {"settings": {"C": 1.0}, "tune": 0.741, "n": 750, "chosen": False, "seconds": 0.14},
            {"settings": {"C": 4.0, "max": None}, "tune": 0.803, "n": 750, "chosen": True, "seconds": 0.17},
        ],
        "refit": None,
        "obstacles": [],
        "qualifies": False,
        "p": 0.412,
        "p_adjusted": 0.824,
        "fingerprint": "9f2c4e61aab03d17c4f5e2907b6a1d38",
        "stack": f"stacks/{name.replace(' ', '-')}.stack",
        "preview": [],
    }
    return {**entry, **more}


def frontier(names: list[str]) -> Verdict:
    """Two settings of the last rungs, the second one best."""
    points = [
        {
            "rungs": names[: number + 1],
            "thresholds": [0.9, 0.7][: number + 1],
            "asked": [1.0, 0.4][: number + 1],
            "n": 300,
            "automatic": 0.6 + 0.3 * number,
            "people": 0.4 - 0.3 * number,
            "error": 0.04,
            "cost_per_1000": 0.0001 * 100**number,
            "total_per_1000": 140.0 - 90 * number,
        }
        for number in range(len(names))
    ]
    best = len(points) - 1 if points else None
    return {
        "at_least": 0.95,
        "estimated_on": "tune",
        "examples": 300,
        "priced": True,
        "best": best,
        "points": points,
        "alone": points[:1],
    }


def estimate(value: float, half: float, method: str = "Clopper-Pearson") -> Verdict:
    return {
        "metric": "accuracy",
        "value": value,
        "low": max(0.0, value - half),
        "high": min(1.0, value + half),
        "n": 1000,
        "method": method,
    }


def comparison(a: Verdict, b: Verdict) -> Verdict:
    gap = a["quality"]["value"] - b["quality"]["value"]
    p = 0.0004 if gap > 0 else 0.97 if gap < -0.03 else 0.061
    figures = {"difference": gap, "low": gap - 0.021, "high": gap + 0.021, "p": p, "p_inferior": 1 - p}
    return {"a": a["name"], "b": b["name"], **figures, "n": 1000, "discordance": 0.118, "method": "Tango"}


def verdict(candidates: list[Verdict], labels: int = 5, **choice: Any) -> Verdict:
    """A whole verdict over some rungs."""
    names = [f"label_{i:02d}" for i in range(labels)]
    measured = [c for c in candidates if c["quality"] and c["status"] == "measured"]
    best = choice.get("name") or candidates[-1]["name"]
    return {
        "format": 1,
        "strati": "0.1.0",
        "run": "a1b2c3d4e5f6",
        "created": "2026-11-22T20:41:00Z",
        "seed": 7,
        "task": {
            "kind": "classify",
            "inputs": ["text"],
            "label": "intent",
            "metric": "accuracy",
            "description": "",
            "labels": names,
        },
        "goal": {
            "at_least": 0.85,
            "margin": 0.03,
            "alpha": 0.05,
            "max_cost_per_1000": 0.5,
            "max_p95_ms": 300.0,
            "private": True,
            "licences": ["Apache-2.0", "MIT"],
            "wrong_answer_costs": 4.2,
            "human_answer_costs": 1.5,
            "human_error_rate": 0.043,
            "volume_per_month": 12_500,
            "machine_per_hour": 0.10,
            "label_costs": 0.25,
            "horizon_months": 12,
            "retrain_every_months": 3,
            "labels_per_retraining": 100,
        },
        "data": {
            "name": "tickets.csv",
            "rows": 5013,
            "splits": {"train": 2507, "tune": 752, "calibrate": 751, "test": 1003},
            "method": "holdout",
            "sha256": "5b1f" * 16,
            "notes": ["Splits keep the share of each label."],
            "findings": [
                {
                    "code": "near_duplicates",
                    "severity": "warning",
                    "message": "12 rows are almost the same as a row of another split.",
                    "count": 12,
                    "rows": ["17", "93", "1204"],
                    "way_on": "They were kept together in one split.",
                },
                {
                    "code": "rare_label",
                    "severity": "info",
                    "message": "The label label_03 has 9 rows.",
                    "count": 1,
                    "rows": [],
                    "way_on": "",
                },
            ],
        },
        "candidates": candidates,
        "comparisons": [comparison(a, b) for a in measured for b in measured if a is not b],
        "choice": {"name": None, "more_labels": None, **choice},
        "questions": QUESTIONS,
        **studies(candidates),
        "per_class": {"candidate": best, "rows": [per_class(name, i) for i, name in enumerate(names)]},
        "confusions": {
            "candidate": best,
            "rows": [
                {"reference": names[i % labels], "answer": names[(i + 1) % labels], "count": 19 - i}
                for i in range(min(12, labels))
            ],
        },
        "disagreements": [
            {
                "id": str(40 + i),
                "text": f"I still have not received the card I ordered {i + 2} weeks ago, what can I do?",
                "reference": names[0],
                "answers": {c["name"]: names[j % 3 and 1] if j else None for j, c in enumerate(candidates)},
            }
            for i in range(3)
        ],
        "environment": {
            "python": "3.11.7",
            "platform": "Linux-6.1-x86_64",
            "cpu": "AMD EPYC",
            "cores": 2,
            "packages": {"numpy": "2.4.6", "scikit-learn": "1.8.1"},
        },
        "ledger": {
            "test_uses_before": 2,
            "test_overlap": 0.114,
            "calibrate_uses_before": 0,
            "sealed": 751,
            "note": "The calibrate examples were not looked at.",
        },
        "limits": {"sample": 200, "note": "Slow rungs answered one common random subset of 200 test examples."},
    }


def studies(rungs: list[Verdict]) -> Verdict:
    """Learning curves, label price, total cost and contamination of some rungs."""
    plain = [c for c in rungs if not c["uses_llm"] and c["quality"]]
    llms = [c for c in rungs if c["uses_llm"] and c["quality"]]
    priced = [c for c in rungs if c["quality"] and c["cost_per_1000"] is not None]
    owned = [total(c["name"], 800.0, c["cost_per_1000"] / 1000 + (1 - c["quality"]["value"]) * 0.1) for c in priced]
    people = total("people on everything", 0.0, 0.35)
    return {
        "learning_curves": [curve(c, n) for n, c in enumerate(plain)],
        "label_price": {
            "label_costs": 0.25,
            "proving": {"tune": 752, "calibrate": 751, "test": 1003, "sealed": 0},
            "rows": [price(m["name"], c["name"], n) for m in llms for n, c in enumerate(plain)],
        },
        "frontier": frontier([c["name"] for c in [*plain[:1], *llms[:1]]]),
        "ownership": {
            "volume_per_month": 12_500,
            "horizon_months": 12,
            "retrainings": 3,
            "rows": [*owned, people | {"people": True, "parts": {"people": 50_000.0}}],
            "break_even": {
                "a": owned[0]["candidate"],
                "b": "people on everything",
                "volume_per_month": 260.0,
                "total": 1092.0,
                "cheaper_above": owned[0]["candidate"],
                "without": ["labels (label_costs)"],
            },
            "compared": "all",
            "not_stated": ["human_error_rate"],
        },
        "contamination": {
            "note": "Not established.",
            "twins": [twin(m["name"], kind) for m in llms for kind in ("names", "order")],
            "after_cutoff": [
                {
                    "candidate": m["name"],
                    "cutoff": "2025-06",
                    "n_after": 40,
                    "n_before": 160,
                    "after": 0.71,
                    "before": 0.79,
                    **drop(-0.08),
                    "control": "n-grams",
                    "beyond_control": drop(-0.06),
                }
                for m in llms
            ],
        },
    }


def curve(rung: Verdict, number: int) -> Verdict:
    best = rung["quality"]["value"]
    sizes = [25, 50, 100, 200, 400, 800, 2507]
    values = [best - 0.06 * (len(sizes) - n) for n in range(1, len(sizes) + 1)]
    points = [
        {"labels": size, "value": max(0.0, v), "low": max(0.0, v - 0.03), "high": max(0.0, v) + 0.03, "repeats": 10}
        for size, v in zip(sizes, values, strict=True)
    ]
    step = {"from": 800, "to": 2507, "difference": 0.021, "low": -0.003, "high": 0.045} if number == 0 else None
    return {"candidate": rung["name"], "metric": "accuracy", "n": 500, "points": points, "last_step": step}


def price(llm: str, trained: str, number: int) -> Verdict:
    """In turn: reached, not reached, from the start, too few."""
    reached = ("reached", "not reached", "from the start", "too few")[number % 4]
    labels = {"reached": (140, 90, 260), "from the start": (25, 25, 31), "not reached": (None, 900, None)}
    found, low, high = labels.get(reached, (None, None, None))
    return {
        "llm": llm,
        "trained": trained,
        "n": 50,
        "smallest": 25,
        "largest": 2507,
        "shots": 2507 if number % 2 else 0,
        "reached": reached,
        "labels": found,
        "low": low,
        "high": high,
        "llm_quality": 0.79 if reached != "too few" else None,
        "total": None if found is None else found + 2506,
        "llm_total": 2506,
        "dollars": None if found is None else 0.25 * (found + 2506),
        "llm_dollars": 626.5,
    }


def total(name: str, fixed: float, each: float) -> Verdict:
    return {
        "candidate": name,
        "total": fixed + 150_000 * each,
        "low": fixed + 140_000 * each,
        "high": fixed + 160_000 * each,
        "fixed": fixed,
        "per_answer": each,
        "parts": {"labels": fixed, "machine": 1.2, "wrong_answers": 150_000 * each},
        "left_out": [],
        "compared": True,
        "people": False,
    }


def drop(by: float) -> Verdict:
    return {"difference": by, "low": by - 0.04, "high": by + 0.04, "n": 50, "method": "Tango"}


def twin(name: str, kind: str) -> Verdict:
    figures = {"quality": 0.8, "twin_quality": 0.75, "changed": 0.12}
    return {"candidate": name, "uses_llm": True, "kind": kind, **figures, **drop(-0.05)}


def per_class(name: str, i: int) -> Verdict:
    recall = 0.55 + (i * 37 % 45) / 100
    return {
        "label": name,
        "n": 13 + i,
        "recall": recall,
        "low": recall - 0.12,
        "high": min(1.0, recall + 0.08),
        "precision": 0.88,
        "f1": 0.861,
    }


QUESTIONS = [
    {
        "question": "Does an LLM solve my problem?",
        "answer": "Among the LLMs tried, the best reaches 79.2 %, below the bar of 85.0 %.",
        "evidence": "79.2 % (76.6 to 81.7) on 1,003 test examples",
    },
    {
        "question": "Do I need an LLM?",
        "answer": "No. A rung without one qualifies.",
        "evidence": "n-grams: 91.2 % (89.3 to 92.9)",
    },
    {
        "question": "Is in-context learning enough, or is training worth it?",
        "answer": "Training is worth it: 1.8 s of fitting beats eight examples in the prompt by 12 points.",
        "evidence": "+12.0 points (+9.4 to +14.7)",
    },
    {
        "question": "What does it cost at my volume?",
        "answer": "Under one cent a month for 12,500 answers.",
        "evidence": "<$0.0001 per 1,000 answers, machine at $0.10 per hour",
    },
    {
        "question": "May the data have been seen in training?",
        "answer": "Not established. Public benchmark data may have been part of it.",
        "evidence": "",
    },
]


def use() -> Verdict:
    """Three rungs; the linear one is chosen, no LLM needed."""
    rules = ["refund, money back -> refund_not_showing_up", "pin, blocked -> pin_blocked"]
    refit = {"value": 0.931, "low": 0.915, "high": 0.945, "n": 1003, "rows": 4010, "certified": False}
    return verdict(
        [
            candidate(
                SIMPLE[1], 0.81, 0.0000021, obstacles=["worse than n-grams by more than 3 points"], preview=rules
            ),
            candidate(SIMPLE[2], 0.912, 0.0000056, qualifies=True, p=0.00001, p_adjusted=0.0042, refit=refit),
            candidate(
                MODELS[1],
                0.792,
                0.0214,
                uses_llm=True,
                model=MODELS[1],
                obstacles=["79.2 % is below the bar of 85.0 %", "p95 of 770 ms is over the limit of 300 ms"],
            ),
        ],
        name="n-grams",
        decision="use",
        needs_llm="no",
        headline="Use n-grams. You do not need an LLM for this.",
        reasons=[
            "It is the cheapest rung that meets the bar of 85.0 % and every limit.",
            "It is not worse than any other rung by 3 points or more, at a risk of 5 %.",
        ],
    )


def none() -> Verdict:
    """Nothing qualifies; one rung failed, one is not allowed and has no quality."""
    found = use()
    second = found["candidates"][1]
    second.update(qualifies=False, obstacles=["91.2 % is below the bar of 95.0 %"], refit=None)
    found["candidates"] += [
        candidate(MODELS[2], None, None, uses_llm=True, status="failed", qualifies=None, latency_ms=None, forms=[]),
        candidate(
            "hosted", None, 1.4, uses_llm=True, status="not_allowed", obstacles=["inputs may not leave this machine"]
        ),
    ]
    found["goal"]["at_least"] = 0.95
    found["choice"] = {
        "name": None,
        "decision": "none",
        "needs_llm": "undecided",
        "headline": "Nothing tried here is good enough yet. The best, n-grams, is 3.8 points short of the bar.",
        "reasons": ["The bar is 95.0 %."],
        "more_labels": None,
    }
    return found


def undecided() -> Verdict:
    """Too few labels to decide, and no bar or limits set."""
    found = use()
    found["goal"].update(at_least=None, max_cost_per_1000=None, max_p95_ms=None, licences=[])
    found["candidates"][1]["qualifies"] = None
    found["choice"] = {
        "name": None,
        "decision": "undecided",
        "needs_llm": "undecided",
        "headline": "Undecided: 120 labels cannot tell n-grams and keyword rules apart.",
        "reasons": ["The intervals overlap."],
        "more_labels": 430,
    }
    return found


def many() -> Verdict:
    """Fifteen rungs with long names and 77 labels."""
    rungs = [
        candidate(SIMPLE[0], 0.013, 0.0000004, obstacles=["1.3 % is below the bar of 85.0 %"]),
        candidate(SIMPLE[1], 0.68, 0.0000031, obstacles=["68.0 % is below the bar of 85.0 %"], preview=["a -> b"]),
        candidate(SIMPLE[2], 0.897, 0.0000156, obstacles=["worse than n-grams + embeddings by more than 3 points"]),
        candidate(SIMPLE[3], 0.928, 0.00041, qualifies=True),
        candidate(SIMPLE[4], 0.901, 0.00036, qualifies=True),
    ]
    for i, model in enumerate([*MODELS, "Llama-3.2-3B-Instruct-Q4_K_M-imatrix", "gpt-5-mini-2026-08-07"]):
        for j, form in enumerate(["zero-shot", "8 similar examples"]):
            more: Verdict = {"uses_llm": True, "model": model}
            if i >= 2:
                more.update(status="partial", obstacles=["answered 200 of 1,003 test examples", "p95 is over 300 ms"])
            rungs.append(candidate(f"{model}, {form}", 0.55 + 0.06 * i + 0.09 * j, 0.012 * 2.7**i * (1 + j), **more))
    return verdict(
        rungs,
        77,
        name=SIMPLE[3],
        decision="use",
        needs_llm="no",
        headline="Use n-grams + embeddings. You do not need an LLM for this.",
        reasons=["It is the cheapest rung that qualifies."],
    )


def sparse() -> Verdict:
    """As little as a verdict can hold."""
    return copy.deepcopy(MINIMAL)


def gaps() -> Verdict:
    """Everything that may be null is null."""
    found = use()
    needed = {"name", "layers", "status", "uses_llm", "obstacles", "failures", "settings", "forms", "preview"}
    found["candidates"][0] = {k: v if k in needed else None for k, v in found["candidates"][0].items()}
    found["candidates"][0]["quality"] = {"metric": "accuracy", "value": float("nan"), "low": None, "high": None, "n": 0}
    found["goal"] = {k: v if k in {"margin", "alpha"} else None for k, v in found["goal"].items()}
    found["comparisons"][0] = {**found["comparisons"][0], "low": None, "high": None, "p": None, "discordance": None}
    found["per_class"]["rows"][0].update(recall=None, low=None, high=None, precision=None, f1=None)
    found["disagreements"][0]["reference"] = None
    found["environment"].update(cpu=None, packages={})
    found["label_price"]["rows"] = [
        {key: None if isinstance(value, int | float) else value for key, value in row.items()}
        for row in found["label_price"]["rows"]
    ]
    found["ownership"].update(break_even=None, not_stated=[])
    found["ownership"]["rows"][0].update(low=None, high=None, parts={})
    found["contamination"]["after_cutoff"][0].update(before=None, n_before=0, beyond_control=None, low=None, high=None)
    return found


def hostile() -> Verdict:
    """A hostile text in every string there is, values of the fixed vocabularies excepted."""
    fixed = {"status", "decision", "needs_llm", "severity", "reached"}

    def poison(value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            return value if key in fixed else f"{HOSTILE} {value}"
        if isinstance(value, dict):
            named = key in {"answers", "settings", "packages", "failures", "proving"}
            return {(f"{HOSTILE} {k}" if named else k): poison(v, k) for k, v in value.items()}
        return [poison(part, key) for part in value] if isinstance(value, list) else value

    poisoned: Verdict = poison(none())
    return poisoned


ALL = {
    "use": use,
    "none": none,
    "undecided": undecided,
    "many": many,
    "sparse": sparse,
    "gaps": gaps,
    "hostile": hostile,
}
