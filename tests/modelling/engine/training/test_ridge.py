"""Ridge logistic regression against closed forms, its own optimality conditions, and scikit-learn where installed."""

import math

import numpy as np
import pytest

from modelling.engine.training import ridge


def make_data(n: int = 200, width: int = 4) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    features = random.normal(size=(n, width))
    p = 1 / (1 + np.exp(-(features @ np.array([1.0, -0.5, 0.0, 0.3]) - 0.7)))
    return features, (random.random(n) < p).astype(np.int64)


def test_without_features_the_intercept_is_the_logit_of_the_share() -> None:
    labels = np.array([1] * 3 + [0] * 7)
    fit = ridge.fit(np.zeros((10, 0)), labels, ridge=1.0)
    assert fit.beta[0] == pytest.approx(math.log(3 / 7), abs=1e-12)


def test_a_flag_without_ridge_gives_the_log_odds_ratio_of_the_two_by_two_table() -> None:
    # exposed 6 of 10, not exposed 2 of 10: odds ratio (6 * 8) / (4 * 2) = 6
    features = np.array([1.0] * 10 + [0.0] * 10)[:, None]
    labels = np.array([1] * 6 + [0] * 4 + [1] * 2 + [0] * 8)
    assert ridge.fit(features, labels, ridge=0.0).beta[1] == pytest.approx(math.log(6), abs=1e-9)


def test_the_penalised_gradient_vanishes_at_the_fit() -> None:
    features, labels = make_data()
    fit = ridge.fit(features, labels, ridge=2.0)
    rest = labels - ridge.predict(fit.beta, features)
    assert fit.converged
    assert features.T @ rest == pytest.approx(2.0 * fit.beta[1:], abs=1e-7)
    assert rest.sum() == pytest.approx(0, abs=1e-7)


def test_it_gives_what_scikit_learn_gives() -> None:
    sklearn = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    features, labels = make_data()
    weights = np.random.default_rng(5).uniform(0.2, 3, labels.size)
    for share in (None, weights):
        theirs = sklearn.LogisticRegression(C=1 / 3.0, tol=1e-12, max_iter=10_000).fit(features, labels, share)
        ours = ridge.fit(features, labels, ridge=3.0, weights=share)
        assert ours.beta[1:] == pytest.approx(theirs.coef_[0], abs=1e-6)
        assert ours.beta[0] == pytest.approx(theirs.intercept_[0], abs=1e-6)


def test_a_survey_weight_of_2_counts_as_two_people() -> None:
    features, labels = make_data(60)
    weights = np.ones(60)
    weights[:20] = 2
    doubled = ridge.fit(np.concatenate([features, features[:20]]), np.concatenate([labels, labels[:20]]), 1.0)
    weighted = ridge.fit(features, labels, 1.0, weights)
    assert weighted.beta == pytest.approx(doubled.beta, abs=1e-9)
    assert weighted.beta != pytest.approx(ridge.fit(features, labels, 1.0).beta, abs=1e-3)


def test_perfect_separation_stays_finite_under_a_ridge() -> None:
    features = np.linspace(-1, 1, 20)[:, None]
    fit = ridge.fit(features, (features[:, 0] > 0).astype(np.int64), ridge=0.1)
    assert fit.converged
    assert np.isfinite(fit.beta).all()


def test_more_noise_makes_the_chosen_ridge_larger() -> None:
    features, labels = make_data(300)
    noise = np.random.default_rng(9).integers(0, 2, labels.size)
    assert ridge.choose_ridge(features, noise, seed=1) > ridge.choose_ridge(features, labels, seed=1)


def test_with_too_few_events_to_choose_by_a_fixed_ridge_is_taken() -> None:
    features, labels = make_data(40)
    labels[:] = 0
    labels[:4] = 1
    assert ridge.choose_ridge(features, labels, seed=1) == 10.0
