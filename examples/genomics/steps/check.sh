#!/bin/bash
# Compares the calls with the truth, genotypes included; fails if recall or precision is below what compare.py asks.
# reads:  index/ reference/truth.vcf merge/calls.vcf.gz
# writes: check/report.json, and the same as a table to standard output
# Both sides are left-aligned and split into one alternative allele per line first. Runs anew each time: it is cheap.
. "$(dirname "$0")/common.sh"
need bcftools python3
mkdir -p check
out=$(mktemp -d check/tmp.XXXXXX)
trap 'rm -rf "$out"' EXIT

table() {
  logged bcftools norm --no-version -f index/genome.fa -m -any -Ou "$1" |
    bcftools query -s A,B -f '%CHROM\t%POS\t%REF\t%ALT[\t%GT]\n'
}
table reference/truth.vcf >"$out/truth.tsv"
table merge/calls.vcf.gz >"$out/calls.tsv"

verdict=0
python3 "$here/compare.py" "$out/truth.tsv" "$out/calls.tsv" "$out/report.json" || verdict=$?
mv "$out/report.json" check/report.json
exit "$verdict"
