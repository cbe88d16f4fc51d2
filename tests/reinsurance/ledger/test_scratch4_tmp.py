import os, random, copy, traceback, time
from dataclasses import replace
import pytest
from hypothesis import HealthCheck, given, note, settings, Phase, seed
from tests.reinsurance.ledger import premium_histories as H
from tests.reinsurance.ledger.premium_histories import History
from tests.importers.pipeline import tables
pytestmark = pytest.mark.django_db
FAILED = []
@seed(int(os.environ.get("SEED","1")))
@settings(max_examples=int(os.environ.get("N","20")), deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate])
@given(H.histories(contracts=int(os.environ.get("K","20"))))
def gather(history):
    if FAILED: return
    try: H.play(history)
    except Exception: FAILED.append(history)
def fails(h):
    try:
        H.play(h)
    except Exception as e:
        return f"{type(e).__name__}: {str(e)[:600]}"
    return ""
def smaller(h):
    for n in range(len(h.moves)):
        if h.moves[n][1]=="undo":
            yield History(h.files, h.moves[:n]+h.moves[n+1:])
    for n in range(len(h.files)):
        files=h.files[:n]+h.files[n+1:]
        moves=[(m-(m>n),a) for m,a in h.moves if m!=n]
        yield History(files,moves)
    for n,f in enumerate(h.files):
        if f.is_correction: yield History(h.files[:n]+[replace(f,is_correction=False)]+h.files[n+1:],h.moves)
        for w in range(len(f.words)):
            yield History(h.files[:n]+[replace(f,words=f.words[:w]+f.words[w+1:])]+h.files[n+1:],h.moves)
    for n,f in enumerate(h.files):
        for w,word in enumerate(f.words):
            def put(x): return History(h.files[:n]+[replace(f,words=f.words[:w]+[x]+f.words[w+1:])]+h.files[n+1:],h.moves)
            for a in word.told: yield put(replace(word,told={k:v for k,v in word.told.items() if k!=a}))
            for a in word.described: yield put(replace(word,described={k:v for k,v in word.described.items() if k!=a}))
def test_y():
    gather()
    if not FAILED: print("none failed"); return
    h=FAILED[0]; why=fails(h); print("FAILED", why)
    for c in range(20):
        g=History([replace(f,words=[w for w in f.words if w.contract==c]) for f in h.files],h.moves)
        if fails(g): h=g; print("contract",c); break
    else:
        print("no single contract")
    end=time.time()+float(os.environ.get("SHRINKS","200")); again=True
    while again and time.time()<end:
        again=False
        for g in smaller(h):
            if time.time()>end: break
            w=fails(g)
            if w and w[:14]==why[:14]: h=g; why=w; again=True; break
    print(why)
    for n,f in enumerate(h.files): print(n,f.is_correction,[(w.contract,w.position,w.month,{a:{b:str(v) for b,v in d.items()} for a,d in w.told.items()},w.described) for w in f.words])
    print(h.moves)
