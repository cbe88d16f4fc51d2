import time, traceback, os
import pytest
from hypothesis import HealthCheck, given, note, settings, Phase, seed
from tests.reinsurance.ledger import premium_histories
from tests.reinsurance.ledger.premium_histories import History
pytestmark = pytest.mark.django_db
stat = {"n":0,"moves":0,"t":0.0,"held":0}
@seed(int(os.environ.get("SEED","1")))
@settings(max_examples=int(os.environ.get("N","20")), deadline=None, suppress_health_check=list(HealthCheck), database=None,
  phases=[Phase.generate] + ([Phase.shrink] if os.environ.get("SHRINK") else []))
@given(premium_histories.histories(contracts=int(os.environ.get("K","3"))))
def test_x(history: History) -> None:
    t=time.time()
    note(str(history))
    import cProfile
    pr=stat.setdefault("pr", cProfile.Profile()) if os.environ.get("PROF") else None
    if pr: pr.enable()
    p=premium_histories.play(history)
    if pr: pr.disable()
    stat["n"]+=1; stat["moves"]+=len(history.moves); stat["t"]+=time.time()-t
def test_zz():
    pr=stat.pop("pr",None)
    import pstats
    if pr: pstats.Stats(pr).sort_stats("cumtime").print_stats(60)
    print(stat, stat["t"]/max(1,stat["moves"]))
