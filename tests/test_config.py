"""A run's settings survive being written and read."""

from pathlib import Path

from plaudit.config import DataConfig, ModelConfig, RunConfig, TrainingConfig


def test_every_setting_comes_back_from_toml(tmp_path: Path) -> None:
    config = RunConfig(
        DataConfig(
                "a.csv", "0.2", "100", "film", "more.csv", True, "id", data_dir="b", format="csv",
                text_column=("title", "body"), label_column="label", label_separator=";",
                label_prefix="__class__", delimiter="\t", encoding="cp1252",
                header=False, sheet="two", skip_invalid=True, merge_labels=True, keep_together="near", clean=True,
                clean_file="reviewed.csv", language="en",
            ),
        ModelConfig(
            "encoder", embedding="minilm", trainable=False, combiner="mean", hidden=(), dropout=0.5,
            loss="mean_squared_error", class_weight="balanced", n_max=2, min_texts=3, chars=True, chars_weight=0.5,
            weighting="tfidf", objective="squared_hinge", regularisation=0.1, encoder="tiny", max_tokens=64,
            long_texts="windows", device="cpu", layer_decay=0.9, label_smoothing=0.1, blend_weights=(0.5, 0.5),
            teacher="teacher", max_size=5.0,
            further={"C": 2.0},
        ),
        TrainingConfig(
            epochs=3, soup=2, batch_size=16, learning_rate=0.01, early_stopping=False, patience=2, seed=7, refit=True,
            final=True,
        ),
    )  # fmt: skip
    assert None not in {**vars(config.data), **vars(config.model), **vars(config.training)}.values()
    (tmp_path / "run.toml").write_text(config.to_toml(versions={}), encoding="utf-8")
    assert RunConfig.from_toml(tmp_path / "run.toml") == config


def test_what_is_not_given_stays_open(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(RunConfig().to_toml(versions={}), encoding="utf-8")
    assert RunConfig.from_toml(tmp_path / "run.toml") == RunConfig()


def test_a_run_recorded_before_equal_texts_stayed_together_is_divided_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('[data]\nsource = "a.csv"\n\n[versions]\nplaudit = "0.1"\n', encoding="utf-8")
    assert RunConfig.from_toml(tmp_path / "run.toml").data.keep_together == "none"
    (tmp_path / "run.toml").write_text('[data]\nsource = "a.csv"\n', encoding="utf-8")
    assert RunConfig.from_toml(tmp_path / "run.toml").data.keep_together == "equal"


def test_a_whole_number_may_stand_for_a_real_one(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[model]\nregularisation = 10\n", encoding="utf-8")
    found = RunConfig.from_toml(tmp_path / "run.toml").model.regularisation
    assert (found, type(found)) == (10.0, float)
