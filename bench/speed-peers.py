"""Prints what other optimisers take per decision, one JSON object a line: {"peer", "observations", "seconds"} or {"peer", "missing"}.

Reads from standard input {"repeats": R, "cases": [{"count": n, "inputs": [[...], ...], "values": [...]}]}; inputs are on
[0, 1], a row for each observation, and values are minimised. Processor seconds of one thread, median over the repeats.
"""

import json
import statistics
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def time_of(work, repeats):
    seconds = []
    for seed in range(repeats + 1):  # the first warms up
        start = time.process_time()
        work(seed)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds[1:])


def optuna_decision(case):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    names = [f"x{i}" for i in range(len(case["inputs"][0]))]
    space = {name: optuna.distributions.FloatDistribution(0, 1) for name in names}

    def decide(seed):
        study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=seed, n_startup_trials=1))
        for row, value in zip(case["inputs"], case["values"]):
            study.add_trial(
                optuna.trial.create_trial(params=dict(zip(names, row)), distributions=space, value=value)
            )
        return study.ask(space).params

    return decide


def botorch_decision(case):
    import torch
    from botorch.acquisition.analytic import LogExpectedImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.models.transforms import Standardize
    from botorch.optim import optimize_acqf
    from gpytorch.mlls import ExactMarginalLogLikelihood

    inputs = torch.tensor(case["inputs"], dtype=torch.double)
    values = -torch.tensor(case["values"], dtype=torch.double).unsqueeze(-1)  # it maximises
    width = inputs.shape[1]
    bounds = torch.stack([torch.zeros(width), torch.ones(width)]).double()

    def decide(seed):
        torch.manual_seed(seed)
        model = SingleTaskGP(inputs, values, outcome_transform=Standardize(m=1))
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        acquisition = LogExpectedImprovement(model, best_f=values.max())
        return optimize_acqf(acquisition, bounds=bounds, q=1, num_restarts=10, raw_samples=512)

    return decide


PEERS = {"Optuna GPSampler": ("optuna", optuna_decision), "BoTorch GP, LogEI": ("botorch", botorch_decision)}


def say(**line):
    print(json.dumps(line), flush=True)


def main():
    request = json.load(sys.stdin)
    for peer, (package, make) in PEERS.items():
        try:
            __import__("torch").set_num_threads(1)
            name = f"{peer} ({package} {__import__(package).__version__})"
            for case in request["cases"]:
                say(peer=name, observations=case["count"], seconds=time_of(make(case), request["repeats"]))
        except Exception as error:  # whatever keeps it from running is the answer
            say(peer=peer, missing=f"{type(error).__name__}: {error}")


main()
