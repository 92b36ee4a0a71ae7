. /tmp/w/env.sh; cd /tmp/w
for d in ff/pics rc/pics rd/pics re/pics ro/pics rv/pics wb-scratch/pics rc/var_pics; do echo "== $d"; PYTHONPATH=$1 nice -n 5 timeout 800 python rv/kinds.py "/tmp/w/$d/*" 2>/dev/null; done
