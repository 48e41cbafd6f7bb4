"""Models as small as they can be, with random weights, made here: nothing is downloaded."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] good bad fine awful soup text this example is about Ada Ben London left . a b c"
)
PIECES = {word: number for number, word in enumerate(WORDS.split())}
torch.manual_seed(7)


def tokenizer():
    made = Tokenizer(models.WordLevel(PIECES, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
    )


def config(labels=("good", "bad")):
    return BertConfig(
        vocab_size=len(PIECES),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )


def classifier(labels):
    return BertForSequenceClassification(config(labels)).eval()  # without dropout, so the same each time


def saved(folder):
    """A model without a head, in a folder."""
    BertModel(config()).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)


def sentences(folder):
    """A model of sentences, in a folder."""
    try:
        from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    except ImportError:
        from sentence_transformers.models import Pooling, Transformer
    from sentence_transformers import SentenceTransformer

    words = Transformer(saved(folder / "words"))
    SentenceTransformer(modules=[words, Pooling(16, "mean")]).save(str(folder))
    return str(folder)


def pairs(folder):
    """A model from text to text, in a folder."""
    config = T5Config(
        vocab_size=len(PIECES),
        d_model=16,
        d_kv=8,
        d_ff=16,
        num_layers=1,
        num_heads=2,
        pad_token_id=0,
        decoder_start_token_id=0,
        eos_token_id=3,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)
