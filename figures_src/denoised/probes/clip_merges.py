"""An extract of the merges that CLIP was published with: all that can ever apply to a handful of words.

Source: bpe_simple_vocab_16e6.txt of the CLIP release (Radford et al. 2021; MIT licence, Copyright (c) 2021 OpenAI), the
first 48,894 merges, in their order. A merge can apply to a word only if what it makes is part of the word, so for
these words the extract cuts exactly as the whole list does; they are all it may be asked about. `+` joins a pair.
"""

WORDS = (
    "brutalist",
    "cat",
    "cyberpunk",
    "face",
    "lighthouse",
    "noto",
    "oil",
    "painting",
    "smiling",
    "style",
    "sunglasses",
    "theatre",
    "whiskers",
    "with",
)

_TEXT = """
i+n t+h r+e e+r in+g</w> o+u s+t a+l a+t i+t t+o</w> l+e a+t</w> e+s</w> i+l s+t</w> a+c l+i t+i s+e u+n b+e l+a w+h
n+o l+e</w> t+o g+h w+it a+s wit+h</w> i+s th+e s+u h+o s+e</w> er+s</w> c+e</w> t+r t+h</w> k+e t+a h+e in+g h+i
r+u c+e s+s t+ing</w> b+r m+i p+u p+a c+a f+a ac+e</w> r+e</w> w+i al+i b+er u+s s+k e+s i+l</w> s+un t+re t+al s+m
h+ou f+ac i+g hou+se</w> l+in t+y t+in th+o l+ing</w> s+es</w> gh+t u+t st+y wi+th m+il c+y c+at u+se</w> th+ou g+la
b+ru f+ace</w> r+s</w> li+st it+h</w> ss+es</w> in+t sty+le</w> g+l o+t ou+s li+st</w> a+i il+i pa+in e+a the+at
i+st</w> k+er c+at</w> no+t fac+e y+l ac+e p+un i+gh o+il</w> k+ers</w> pain+ting</w> as+se theat+re</w> il+ing</w>
ali+st</w> li+ght hou+se wh+i u+se er+s l+ing n+g</w> e+at un+k</w> s+mi cy+ber wh+is tr+e</w> gla+sses</w> i+th
s+ke r+s pun+k</w> li+s t+ing li+gh ou+se</w> thou+se</w> pa+int la+s a+in s+se sm+iling</w> i+st n+g un+g y+le</w>
n+t h+t o+il t+ali he+at sty+le as+s sun+glasses</w> ligh+thouse</w> in+ti i+ght ru+t h+is in+ting</w> the+a gla+ss
mil+i sun+g r+p n+k</w> theat+re li+g pa+i al+is as+ses</w> n+k o+to</w> se+s o+to la+ss he+a o+i pun+k a+int no+to
gla+s ker+s ou+se y+le sm+il tal+is cyber+punk</w> sk+er thou+se y+b bru+tal u+ta ali+st at+re paint+ing
"""

MERGES = [tuple(pair.split("+")) for pair in _TEXT.split()]
