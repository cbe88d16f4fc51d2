import time, traceback, os
import pytest
from hypothesis import HealthCheck, given, note, settings, Phase, seed
from tests.reinsurance.ledger import histories
from tests.reinsurance.ledger.histories import History
pytestmark = pytest.mark.django_db
stat = {"n":0,"moves":0,"t":0.0,"held":0}
@seed(int(os.environ.get("SEED","1")))
@settings(max_examples=int(os.environ.get("N","20")), deadline=None, suppress_health_check=list(HealthCheck), database=None,
  phases=[Phase.generate] + ([Phase.shrink] if os.environ.get("SHRINK") else []))
@given(histories.histories(contracts=int(os.environ.get("K","3"))))
def test_x(history: History) -> None:
    t=time.time()
    note("\n".join(f"{n}: corr={f.is_correction} {[ (w.contract,w.position,w.month,{a:{b:str(v) for b,v in d.items()} for a,d in w.told.items()},w.described) for w in f.words]}" for n,f in enumerate(history.files)) + f"\n{history.moves}")
    import cProfile
    pr=stat.setdefault("pr", cProfile.Profile()) if os.environ.get("PROF") else None
    if pr: pr.enable()
    p=histories.play(history)
    if pr: pr.disable()
    stat["n"]+=1; stat["moves"]+=len(history.moves); stat["t"]+=time.time()-t; stat["held"]+=sum(p.held_out.values())
def test_zz():
    pr=stat.pop("pr",None)
    import pstats
    if pr: pstats.Stats(pr).sort_stats("cumtime").print_stats(60)
    print(stat, stat["t"]/max(1,stat["moves"]))
