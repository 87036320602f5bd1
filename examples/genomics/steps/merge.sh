#!/bin/bash
# Puts the chromosomes' calls together into the pipeline's result.
# reads:  filter/*/calls.bcf
# writes: merge/calls.vcf.gz and its index
. "$(dirname "$0")/common.sh"
need bcftools
begin merge
mapfile -t parts < <(seq -f 'filter/%g/calls.bcf' 1 "$chromosomes")
logged bcftools concat --no-version -Oz -o "$out/calls.vcf.gz" "${parts[@]}"
bcftools index -t "$out/calls.vcf.gz"
commit
