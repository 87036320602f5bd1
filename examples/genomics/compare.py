#!/usr/bin/env python3
"""Compares called variants with the truth and says whether the calls are good enough.

  compare.py TRUTH CALLS REPORT

TRUTH and CALLS are tables of normalised variants: chromosome, position, reference, one alternative, then a genotype
per sample. What is counted is one allele in one sample. It is correct if the number of its copies is right; one
called with a wrong number counts against recall and against precision. REPORT is written as JSON; the same goes to
standard output as a table. Exits 1 if a number is below its limit.
"""

import json
import sys

LIMITS = {"snp": {"recall": 0.98, "precision": 0.99}, "indel": {"recall": 0.97, "precision": 0.96}}
COLUMNS = ("truth", "called", "correct", "wrong GT", "missed", "false", "recall", "precision")


def load(path):
    """(chromosome, position, ref, alt, sample number) -> copies, where there are any"""
    alleles = {}
    with open(path) as table:
        for line in table:
            chromosome, position, ref, alt, *genotypes = line.split()
            for sample, genotype in enumerate(genotypes):
                if copies := genotype.count("1"):
                    alleles[chromosome, int(position), ref, alt, sample] = copies
    return alleles


def kind(allele):
    return "snp" if len(allele[2]) == len(allele[3]) == 1 else "indel"


def score(truth, calls):
    correct = sum(calls.get(allele) == copies for allele, copies in truth.items())
    found = sum(allele in calls for allele in truth)
    return {
        "truth": len(truth),
        "called": len(calls),
        "correct": correct,
        "wrong GT": found - correct,
        "missed": len(truth) - found,
        "false": len(calls) - found,
        "recall": round(correct / len(truth), 4) if truth else 1.0,
        "precision": round(correct / len(calls), 4) if calls else 0.0,
    }


def main():
    truth, calls = load(sys.argv[1]), load(sys.argv[2])
    report = {}
    for k, limits in LIMITS.items():
        result = score(*({a: n for a, n in side.items() if kind(a) == k} for side in (truth, calls)))
        result["limits"] = limits
        result["pass"] = all(result[name] >= limit for name, limit in limits.items())
        report[k] = result

    print("%-6s" % "" + "".join("%11s" % c for c in COLUMNS))
    for k, result in report.items():
        print("%-6s" % k + "".join("%11s" % result[c] for c in COLUMNS))
    for k, result in report.items():
        for name, limit in LIMITS[k].items():
            if result[name] < limit:
                print(f"{k} {name} {result[name]} is below the limit {limit}")

    report["pass"] = all(result["pass"] for result in report.values())
    with open(sys.argv[3], "w") as out:
        json.dump(report, out, indent=2)
        out.write("\n")
    return 0 if report["pass"] else 1


if __name__ == "__main__":
    sys.exit(main())
