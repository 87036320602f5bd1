#!/bin/bash
# Array step, one child per chromosome: brings indels to their normal, left-aligned form and drops weak calls.
# reads:  index/ call/CHROMOSOME/raw.bcf
# writes: filter/CHROMOSOME/calls.bcf
. "$(dirname "$0")/common.sh"
need bcftools
chromosome=$(array_index "$chromosomes")
begin "filter/$chromosome"
logged bcftools norm --no-version -f index/genome.fa -Ou "call/$chromosome/raw.bcf" |
  bcftools filter --no-version -e 'QUAL<20 || MQ<30 || INFO/DP>100' -Ob -o "$out/calls.bcf"
commit
