#!/usr/bin/env python3
"""Makes the data of the example: a small genome, two diploid people with known variants, and their paired reads.

  simulate.py genome --seed S OUT                              genome.fa, truth.vcf and haplotypes.fa in OUT
  simulate.py reads --seed S --chunk I --chunks N HAPLOTYPES OUT   reads_1.fastq and reads_2.fastq of chunk I in OUT

The same seed gives the same bytes on every machine: the only source of chance is random.Random.random(), whose
sequence Python guarantees, and no function of the mathematics library or of a compressor touches the result.
"""

import argparse
import random
import re
from dataclasses import dataclass
from pathlib import Path

CHROMOSOMES = (("chr1", 260_000), ("chr2", 220_000), ("chr3", 180_000), ("chr4", 140_000))
SAMPLES = ("A", "B")
BASES = "ACGT"
COMPLEMENT = str.maketrans("ACGT", "TGCA")

SNP_EVERY = 500  # bases between variant sites, on average
INDEL_EVERY = 2_500
LONGEST_INDEL = 15
CLEARANCE = 12  # bases kept free around a variant, so that it has one normal form

DEPTH = 18  # reads over each base of a sample, all its chunks together
READ_LENGTH = 125
DUPLICATES = 0.08  # fragments that are read twice
STUTTER = 0.03  # chance that a run of one base was copied one base too long or too short
QUALITY_PROFILES = 256

# Quality values in four bins, as today's sequencers report them, and the error rates behind them. They are a little
# worse than the values promise, which is what a caller meets in practice.
ERROR_RATE = {37: 0.0008, 25: 0.008, 11: 0.1, 2: 0.5}

# What samples A and B carry of a variant (copies of the alternative allele), and how often that is drawn.
COPIES = ((1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2), (2, 0), (0, 2))
COPIES_WEIGHT = (24, 24, 16, 8, 8, 12, 4, 4)


class Dice:
    """Chance from a seed."""

    def __init__(self, seed):
        self.roll = random.Random(seed).random

    def below(self, n):
        return int(self.roll() * n)

    def chance(self, probability):
        return self.roll() < probability

    def pick(self, items):
        return items[self.below(len(items))]

    def weighted(self, items, weights):
        left = self.below(sum(weights))
        for item, weight in zip(items, weights):
            left -= weight
            if left < 0:
                return item
        raise AssertionError("unreachable")

    def bases(self, n):
        return "".join(self.weighted(BASES, (30, 20, 20, 30)) for _ in range(n))

    def other_base(self, base):
        return self.pick(BASES.replace(base, ""))


# ---- the genome


def mutated(dice, sequence, rate):
    return "".join(dice.other_base(b) if dice.chance(rate) else b for b in sequence)


def make_chromosome(dice, length, family):
    """Unique sequence, mixed with what makes real genomes hard: repeats near and far, and runs of one motif."""
    parts, size = [], 0
    while size < length:
        kind = dice.below(100)
        if kind < 70:
            part = dice.bases(200 + dice.below(800))
        elif kind < 85:  # a short tandem repeat, or a run of one base
            part = dice.bases(1 + dice.below(4)) * (6 + dice.below(10))
        elif kind < 95:  # an old copy of a repeat family
            part = mutated(dice, family, 0.06 + 0.12 * dice.roll())
        else:  # a young copy of something that is already here
            done = "".join(parts)
            start = dice.below(max(1, len(done) - 1_500))
            part = mutated(dice, done[start : start + 400 + dice.below(1_000)], 0.015)
        parts.append(part)
        size += len(part)
    return "".join(parts)[:length]


# ---- variants


@dataclass
class Variant:
    position: int  # 0-based, of the first base of ref
    ref: str
    alt: str
    carriers: dict  # sample -> (allele on haplotype 1, allele on haplotype 2)


def draw_carriers(dice):
    carriers = {}
    for sample, copies in zip(SAMPLES, dice.weighted(COPIES, COPIES_WEIGHT)):
        first = copies == 2 or (copies == 1 and dice.chance(0.5))
        carriers[sample] = (int(first), copies - int(first))
    return carriers


def draw_snp(dice, sequence, at):
    """(first base, end of the touched range, ref, alt)"""
    return at, at + 1, sequence[at], dice.other_base(sequence[at])


def draw_indel(dice, sequence, at):
    """As draw_snp, left-aligned; the touched range covers every place where the same change could be written."""
    size = 1
    while size < LONGEST_INDEL and dice.chance(0.6):
        size += 1
    insert = dice.chance(0.5)
    if not insert:
        unit = sequence[at : at + size]
    elif dice.chance(0.5):
        unit = sequence[at - size : at]  # one more copy of what stands before
    else:
        unit = dice.bases(size)
    start = at
    while sequence[start - 1] == unit[-1]:
        unit = unit[-1] + unit[:-1]
        start -= 1
    end = start if insert else start + size
    shifts = 0
    while sequence[end + shifts] == unit[shifts % size]:
        shifts += 1
    anchor = sequence[start - 1]
    ref, alt = (anchor, anchor + unit) if insert else (anchor + unit, anchor)
    return start - 1, end + shifts, ref, alt


def draw_variants(dice, sequence):
    taken = bytearray(len(sequence))
    variants = []
    for draw, every in ((draw_snp, SNP_EVERY), (draw_indel, INDEL_EVERY)):
        wanted = len(variants) + len(sequence) // every
        while len(variants) < wanted:
            start, end, ref, alt = draw(dice, sequence, 500 + dice.below(len(sequence) - 1_000))
            around = slice(start - CLEARANCE, end + CLEARANCE)
            if any(taken[around]):
                continue
            taken[around] = b"\1" * len(taken[around])
            variants.append(Variant(start, ref, alt, draw_carriers(dice)))
    return sorted(variants, key=lambda v: v.position)


def apply_variants(sequence, variants, sample, haplotype):
    parts, done = [], 0
    for v in variants:
        if v.carriers[sample][haplotype]:
            parts += [sequence[done : v.position], v.alt]
            done = v.position + len(v.ref)
    return "".join(parts) + sequence[done:]


def write_genome(seed, out):
    dice = Dice(seed)
    family = dice.bases(300)
    genome = {name: make_chromosome(dice, length, family) for name, length in CHROMOSOMES}
    truth = {name: draw_variants(dice, sequence) for name, sequence in genome.items()}

    with open(out / "genome.fa", "w") as fasta:
        for name, sequence in genome.items():
            lines = (sequence[i : i + 60] for i in range(0, len(sequence), 60))
            fasta.write(f">{name}\n" + "\n".join(lines) + "\n")
    with open(out / "haplotypes.fa", "w") as fasta:  # one line for each sequence
        for name, sequence in genome.items():
            for sample in SAMPLES:
                for h in (0, 1):
                    fasta.write(f">{sample} {h + 1} {name}\n{apply_variants(sequence, truth[name], sample, h)}\n")
    with open(out / "truth.vcf", "w") as vcf:
        vcf.write("##fileformat=VCFv4.2\n")
        vcf.writelines(f"##contig=<ID={name},length={length}>\n" for name, length in CHROMOSOMES)
        vcf.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n')
        vcf.write("\t".join(("#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".split()) + list(SAMPLES)) + "\n")
        for name, variants in truth.items():
            for v in variants:
                genotypes = "\t".join("%d|%d" % v.carriers[s] for s in SAMPLES)
                vcf.write(f"{name}\t{v.position + 1}\t.\t{v.ref}\t{v.alt}\t.\t.\t.\tGT\t{genotypes}\n")


# ---- reads


def quality_profile(dice):
    """The quality of each base of a read: good at first, worse towards the end, with a few bad spots."""
    bins, level, profile = sorted(ERROR_RATE, reverse=True), 0, []
    for i in range(READ_LENGTH):
        if dice.chance(0.01 + 0.0004 * i):
            level = min(level + 1, len(bins) - 1)
        elif level and dice.chance(0.35 - 0.0016 * i):
            level -= 1
        profile.append(bins[level])
    return profile


class Sequencer:
    """Reads one end of a fragment: quality values and the errors that go with them."""

    def __init__(self, dice):
        self.dice = dice
        profiles = [quality_profile(dice) for _ in range(QUALITY_PROFILES)]
        self.profiles = [("".join(chr(33 + q) for q in p), [ERROR_RATE[q] for q in p]) for p in profiles]

    def read(self, name, fragment):
        roll = self.dice.roll
        text, rates = self.dice.pick(self.profiles)
        bases = list(fragment[:READ_LENGTH])
        for i in [i for i, rate in enumerate(rates) if roll() < rate]:
            bases[i] = self.dice.other_base(bases[i])
        return f"@{name}\n{''.join(bases)}\n+\n{text}\n"


def stutter(dice, fragment):
    """Copying slips on runs of one base: now and then one is a base too long or too short."""
    for run in reversed(list(re.finditer(r"(.)\1{6,}", fragment))):
        if dice.chance(STUTTER):
            at = run.start()
            fragment = fragment[:at] + (run[1] if dice.chance(0.4) else "") * 2 + fragment[at + 1 :]
    return fragment


def load_haplotypes(path, sample):
    lines = path.read_text().splitlines()
    return [sequence for head, sequence in zip(lines[::2], lines[1::2]) if head.startswith(f">{sample} ")]


def draw_fragment(dice, haplotypes):
    weights = [len(h) for h in haplotypes]
    sequence = dice.weighted(haplotypes, weights)
    length = 230 + sum(dice.below(90) for _ in range(4))
    start = dice.below(len(sequence) - length)
    return sequence[start : start + length]


def write_reads(seed, chunk, chunks, haplotypes, out):
    """Chunk I is one lane of one sample: odd chunks are A's, even ones B's, which share the depth evenly."""
    dice = Dice(seed * 1_000_003 + chunk)
    sequencer = Sequencer(dice)
    sample = SAMPLES[(chunk - 1) % 2]
    lanes = (chunks + chunk % 2) // 2
    sequences = load_haplotypes(haplotypes, sample)
    pairs = DEPTH * sum(length for _, length in CHROMOSOMES) // (2 * READ_LENGTH * lanes)
    with open(out / "reads_1.fastq", "w") as first, open(out / "reads_2.fastq", "w") as second:
        done = 0
        while done < pairs:
            fragment = stutter(dice, draw_fragment(dice, sequences))
            if dice.chance(0.5):
                fragment = fragment.translate(COMPLEMENT)[::-1]
            for _ in range(2 if dice.chance(DUPLICATES) else 1):
                done += 1
                name = f"{sample}.{chunk}.{done}"
                first.write(sequencer.read(name, fragment))
                second.write(sequencer.read(name, fragment.translate(COMPLEMENT)[::-1]))


def main():
    parser = argparse.ArgumentParser(description="Makes the genome, the variants and the reads of the example.")
    commands = parser.add_subparsers(dest="command", required=True)
    genome = commands.add_parser("genome")
    reads = commands.add_parser("reads")
    for command in (genome, reads):
        command.add_argument("--seed", type=int, required=True)
    reads.add_argument("--chunk", type=int, required=True)
    reads.add_argument("--chunks", type=int, required=True)
    reads.add_argument("haplotypes", type=Path)
    for command in (genome, reads):
        command.add_argument("out", type=Path)
    options = parser.parse_args()
    if options.command == "genome":
        write_genome(options.seed, options.out)
    else:
        write_reads(options.seed, options.chunk, options.chunks, options.haplotypes, options.out)


if __name__ == "__main__":
    main()
